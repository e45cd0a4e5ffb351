"""The host's instruction set, CPython 3.11: one row per opcode.

    (25, "BINARY_SUBSCR", 5, "", binary("ITEM_GET", "ITEM_GET_K"))

Columns: number, name, code units it takes (its inline cache included), control flow, action.  Flow: `F` jumps
forward, `B` backward, `.` never falls through.  No action: the instruction has no effect here.  `co_code`
holds these only; specialised forms never show there.
"""
from __future__ import annotations

from . import actions as a
from .shapes import (add_to, binary, build, by_argument, eat, in_place, named, named_unary, peek, plain,
                     produce, unary, unary_number)

COMPARE = by_argument([binary(name, name + "_K") for name in ("LT", "LE", "EQ", "NE", "GT", "GE")])
BINARY_OP = by_argument([
    binary(name, name + "_K", inplace)
    for inplace in (0, 1)
    for name in ("ADD", "AND", "FLOORDIV", "LSHIFT", "MATMUL", "MUL", "MOD", "OR", "POW", "RSHIFT", "SUB",
                 "TRUEDIV", "XOR")])
IS_OP = by_argument([binary("IS"), binary("IS", x=1)])
CONTAINS_OP = by_argument([binary("CONTAINS"), binary("CONTAINS", x=1)])

ROWS = [
    (0,   "CACHE",                         1, "",   None),
    (1,   "POP_TOP",                       1, "",   a.pop_top),
    (2,   "PUSH_NULL",                     1, "",   a.push_null),
    (9,   "NOP",                           1, "",   None),
    (10,  "UNARY_POSITIVE",                1, "",   unary("POS")),
    (11,  "UNARY_NEGATIVE",                1, "",   unary("NEG")),
    (12,  "UNARY_NOT",                     1, "",   unary("NOT")),
    (15,  "UNARY_INVERT",                  1, "",   unary("INVERT")),
    (25,  "BINARY_SUBSCR",                 5, "",   binary("ITEM_GET", "ITEM_GET_K")),
    (30,  "GET_LEN",                       1, "",   peek("GET_LEN")),
    (31,  "MATCH_MAPPING",                 1, "",   peek("MATCH_MAPPING")),
    (32,  "MATCH_SEQUENCE",                1, "",   peek("MATCH_SEQUENCE")),
    (33,  "MATCH_KEYS",                    1, "",   a.match_keys),
    (35,  "PUSH_EXC_INFO",                 1, "",   in_place("PUSH_EXC_INFO", 1, 2)),
    (36,  "CHECK_EXC_MATCH",               1, "",   a.match_exception),
    (37,  "CHECK_EG_MATCH",                1, "",   in_place("EG_MATCH", 2, 2)),
    (49,  "WITH_EXCEPT_START",             1, "",   a.with_except),
    (50,  "GET_AITER",                     1, "",   unary("AITER")),
    (51,  "GET_ANEXT",                     1, "",   peek("ANEXT")),
    (52,  "BEFORE_ASYNC_WITH",             1, "",   in_place("BEFORE_ASYNC_WITH", 1, 2)),
    (53,  "BEFORE_WITH",                   1, "",   in_place("BEFORE_WITH", 1, 2)),
    (54,  "END_ASYNC_FOR",                 1, "",   in_place("END_ASYNC_FOR", 2, 0)),
    (60,  "STORE_SUBSCR",                  2, "",   a.set_item),
    (61,  "DELETE_SUBSCR",                 1, "",   a.delete_item),
    (68,  "GET_ITER",                      1, "",   unary("GET_ITER")),
    (69,  "GET_YIELD_FROM_ITER",           1, "",   unary("YIELD_FROM_ITER")),
    (70,  "PRINT_EXPR",                    1, "",   eat("PRINT_EXPR")),
    (71,  "LOAD_BUILD_CLASS",              1, "",   produce("BUILD_CLASS")),
    (74,  "LOAD_ASSERTION_ERROR",          1, "",   produce("ASSERTION_ERROR")),
    (75,  "RETURN_GENERATOR",              1, "",   a.return_generator),
    (82,  "LIST_TO_TUPLE",                 1, "",   unary("LIST_TO_TUPLE")),
    (83,  "RETURN_VALUE",                  1, ".",  a.return_value),
    (84,  "IMPORT_STAR",                   1, "",   eat("IMPORT_STAR")),
    (85,  "SETUP_ANNOTATIONS",             1, "",   plain("SETUP_ANNOTATIONS")),
    (86,  "YIELD_VALUE",                   1, "",   a.yield_value),
    (87,  "ASYNC_GEN_WRAP",                1, "",   unary("ASYNC_GEN_WRAP")),
    (88,  "PREP_RERAISE_STAR",             1, "",   build("PREP_RERAISE_STAR", fixed=2)),
    (89,  "POP_EXCEPT",                    1, "",   a.pop_except),
    (90,  "STORE_NAME",                    1, "",   eat("NAME_SET")),
    (91,  "DELETE_NAME",                   1, "",   plain("NAME_DELETE")),
    (92,  "UNPACK_SEQUENCE",               2, "",   a.unpack("UNPACK", int)),
    (93,  "FOR_ITER",                      1, "F",  a.for_iter),
    (94,  "UNPACK_EX",                     1, "",   a.unpack("UNPACK_EX", a.starred)),
    (95,  "STORE_ATTR",                    5, "",   a.set_attr),
    (96,  "DELETE_ATTR",                   1, "",   eat("ATTR_DELETE")),
    (97,  "STORE_GLOBAL",                  1, "",   eat("GLOBAL_SET")),
    (98,  "DELETE_GLOBAL",                 1, "",   plain("GLOBAL_DELETE")),
    (99,  "SWAP",                          1, "",   a.swap),
    (100, "LOAD_CONST",                    1, "",   a.load_const),
    (101, "LOAD_NAME",                     1, "",   named("NAME_GET")),
    (102, "BUILD_TUPLE",                   1, "",   build("BUILD_TUPLE")),
    (103, "BUILD_LIST",                    1, "",   build("BUILD_LIST")),
    (104, "BUILD_SET",                     1, "",   build("BUILD_SET")),
    (105, "BUILD_MAP",                     1, "",   build("BUILD_MAP", times=2)),
    (106, "LOAD_ATTR",                     5, "",   named_unary("ATTR_GET")),
    (107, "COMPARE_OP",                    3, "",   COMPARE),
    (108, "IMPORT_NAME",                   1, "",   build("IMPORT_NAME", fixed=2)),
    (109, "IMPORT_FROM",                   1, "",   a.import_from),
    (110, "JUMP_FORWARD",                  1, "F.", a.jump),
    (111, "JUMP_IF_FALSE_OR_POP",          1, "F",  a.jump_or_pop(False)),
    (112, "JUMP_IF_TRUE_OR_POP",           1, "F",  a.jump_or_pop(True)),
    (114, "POP_JUMP_FORWARD_IF_FALSE",     1, "F",  a.jump_if(False)),
    (115, "POP_JUMP_FORWARD_IF_TRUE",      1, "F",  a.jump_if(True)),
    (116, "LOAD_GLOBAL",                   6, "",   a.get_global),
    (117, "IS_OP",                         1, "",   IS_OP),
    (118, "CONTAINS_OP",                   1, "",   CONTAINS_OP),
    (119, "RERAISE",                       1, ".",  a.reraise),
    (120, "COPY",                          1, "",   a.copy),
    (122, "BINARY_OP",                     2, "",   BINARY_OP),
    (123, "SEND",                          1, "F",  a.send),
    (124, "LOAD_FAST",                     1, "",   a.load_local),
    (125, "STORE_FAST",                    1, "",   a.store_local),
    (126, "DELETE_FAST",                   1, "",   a.delete_local),
    (128, "POP_JUMP_FORWARD_IF_NOT_NONE",  1, "F",  a.jump_none(False)),
    (129, "POP_JUMP_FORWARD_IF_NONE",      1, "F",  a.jump_none(True)),
    (130, "RAISE_VARARGS",                 1, ".",  a.raise_),
    (131, "GET_AWAITABLE",                 1, "",   unary_number("AWAITABLE")),
    (132, "MAKE_FUNCTION",                 1, "",   a.make_function),
    (133, "BUILD_SLICE",                   1, "",   build("BUILD_SLICE")),
    (134, "JUMP_BACKWARD_NO_INTERRUPT",    1, "B.", a.jump),
    (135, "MAKE_CELL",                     1, "",   plain("MAKE_CELL", 16)),
    (136, "LOAD_CLOSURE",                  1, "",   a.load_cell),
    (137, "LOAD_DEREF",                    1, "",   a.get_cell),
    (138, "STORE_DEREF",                   1, "",   a.set_cell),
    (139, "DELETE_DEREF",                  1, "",   plain("CELL_DELETE", 16)),
    (140, "JUMP_BACKWARD",                 1, "B.", a.loop),
    (142, "CALL_FUNCTION_EX",              1, "",   a.call_ex),
    (144, "EXTENDED_ARG",                  1, "",   None),
    (145, "LIST_APPEND",                   1, "",   add_to("LIST_APPEND")),
    (146, "SET_ADD",                       1, "",   add_to("SET_ADD")),
    (147, "MAP_ADD",                       1, "",   a.map_add),
    (148, "LOAD_CLASSDEREF",               1, "",   a.get_class_cell),
    (149, "COPY_FREE_VARS",                1, "",   plain("COPY_FREE_VARS", 16)),
    (151, "RESUME",                        1, "",   a.resume),
    (152, "MATCH_CLASS",                   1, "",   build("MATCH_CLASS", fixed=3)),
    (155, "FORMAT_VALUE",                  1, "",   a.format_value),
    (156, "BUILD_CONST_KEY_MAP",           1, "",   build("BUILD_CONST_MAP", extra=1)),
    (157, "BUILD_STRING",                  1, "",   build("BUILD_STRING")),
    (160, "LOAD_METHOD",                  11, "",   a.get_method),
    (162, "LIST_EXTEND",                   1, "",   add_to("LIST_EXTEND")),
    (163, "SET_UPDATE",                    1, "",   add_to("SET_UPDATE")),
    (164, "DICT_MERGE",                    1, "",   a.dict_merge),
    (165, "DICT_UPDATE",                   1, "",   add_to("DICT_UPDATE")),
    (166, "PRECALL",                       2, "",   None),
    (171, "CALL",                          5, "",   a.call),
    (172, "KW_NAMES",                      1, "",   a.keywords),
    (173, "POP_JUMP_BACKWARD_IF_NOT_NONE", 1, "B",  a.jump_none(False, backward=True)),
    (174, "POP_JUMP_BACKWARD_IF_NONE",     1, "B",  a.jump_none(True, backward=True)),
    (175, "POP_JUMP_BACKWARD_IF_FALSE",    1, "B",  a.jump_if(False, backward=True)),
    (176, "POP_JUMP_BACKWARD_IF_TRUE",     1, "B",  a.jump_if(True, backward=True)),
]

POP_TOP, EXTENDED_ARG = 1, 144
ACTIONS: list = [a.unknown] * 256
WIDTH = bytearray(b"\1" * 256)
ENDS = bytearray(256)
JUMP = [0] * 256
for _number, _name, _width, _flow, _action in ROWS:
    ACTIONS[_number] = _action
    WIDTH[_number] = _width
    ENDS[_number] = "." in _flow
    JUMP[_number] = ("F" in _flow) - ("B" in _flow)
