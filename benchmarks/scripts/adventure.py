"""A text adventure as a state machine, played by a script many times over."""
from enum import Enum

class Mode(Enum):
    EXPLORE = 'explore'
    FIGHT = 'fight'
    DEAD = 'dead'
    WON = 'won'

class Item:
    def __init__(self, name, weight, **traits):
        self.name = name
        self.weight = weight
        self.traits = traits

class Room:
    def __init__(self, name, description):
        self.name = name
        self.description = description
        self.exits = {}
        self.items = []
        self.monster = None

class Monster:
    def __init__(self, name, strength, hp):
        self.name, self.strength, self.hp = name, strength, hp

class GameError(Exception):
    pass

class Game:
    def __init__(self):
        self.rooms = {}
        self.inventory = {}
        self.hp = 30
        self.mode = Mode.EXPLORE
        self.log = []
        self.turn = 0
        self.build()

    def build(self):
        layout = '''hall|A long hall.|north:library east:kitchen|lamp:2
library|Dusty books.|south:hall east:tower|scroll:1 sword:5
kitchen|It smells.|west:hall north:tower|bread:1 knife:2
tower|A spiral stair.|west:library south:kitchen up:roof|
roof|The open sky.|down:tower|crown:3'''
        for line in layout.split('\n'):
            name, text, exits, items = line.split('|')
            room = self.rooms[name] = Room(name, text)
            room.exits = dict(pair.split(':') for pair in exits.split())
            for entry in items.split():
                item, weight = entry.split(':')
                room.items.append(Item(item, int(weight), edible=item == 'bread'))
        self.rooms['tower'].monster = Monster('troll', 4, 18)
        self.here = self.rooms['hall']

    def say(self, text, *args):
        self.log.append(text.format(*args))

    def command(self, line):
        self.turn += 1
        verb, _, noun = line.strip().lower().partition(' ')
        handler = getattr(self, 'do_' + verb, None)
        try:
            if handler is None:
                raise GameError(f"I don't know how to {verb}.")
            if self.mode in (Mode.DEAD, Mode.WON):
                raise GameError('The game is over.')
            if self.mode is Mode.FIGHT and verb not in ('attack', 'flee', 'eat'):
                raise GameError('You are fighting!')
            handler(noun)
        except GameError as error:
            self.say('{}', error)

    def do_look(self, noun):
        names = ', '.join(sorted(item.name for item in self.here.items)) or 'nothing'
        self.say('{} You see {}. Exits: {}', self.here.description, names, ' '.join(self.here.exits))

    def do_go(self, direction):
        try:
            target = self.here.exits[direction]
        except KeyError:
            raise GameError(f'No way {direction}.') from None
        self.here = self.rooms[target]
        if self.here.monster:
            self.mode = Mode.FIGHT
            self.say('A {} attacks!', self.here.monster.name)
        elif target == 'hall' and 'crown' in self.inventory:
            self.mode = Mode.WON
            self.say('You won in {} turns.', self.turn)

    def do_take(self, noun):
        for item in self.here.items:
            if item.name == noun:
                break
        else:
            raise GameError(f'There is no {noun} here.')
        if sum(i.weight for i in self.inventory.values()) + item.weight > 10:
            raise GameError('Too heavy.')
        self.here.items.remove(item)
        self.inventory[noun] = item
        self.say('Taken: {}', noun)

    def do_drop(self, noun):
        item = self.inventory.pop(noun, None)
        if not item:
            raise GameError(f"You don't have a {noun}.")
        self.here.items.append(item)

    def do_eat(self, noun):
        item = self.inventory.get(noun)
        if item is None or not item.traits.get('edible'):
            raise GameError("You can't eat that.")
        del self.inventory[noun]
        self.hp = min(30, self.hp + 8)
        self.say('Yum. {} hp', self.hp)

    def do_attack(self, noun):
        if self.mode is not Mode.FIGHT:
            raise GameError('Nobody is here.')
        monster = self.here.monster
        power = 6 if 'sword' in self.inventory else 4 if 'knife' in self.inventory else 2
        monster.hp -= power
        if monster.hp <= 0:
            self.here.monster = None
            self.mode = Mode.EXPLORE
            self.say('You killed the {}.', monster.name)
            return
        self.hp -= monster.strength
        if self.hp <= 0:
            self.mode = Mode.DEAD
            self.say('You died.')

    def do_flee(self, noun):
        self.mode = Mode.EXPLORE
        self.hp -= 1
        self.here = self.rooms['hall']

SCRIPT = '''look|take lamp|dance|go east|look|take bread|take stone|go north|attack|flee|go north|take sword|take scroll
look|go east|attack|attack|eat bread|look|attack|go up|look|take crown|drop lamp|take crown|drop scroll|drop sword|go down
go west|go south|look|go east'''.replace('\n', '|').split('|')

outcomes = {}
for k in range(5000):
    game = Game()
    for i, line in enumerate(SCRIPT):
        if (i * 7 + k) % 23 == 3:
            continue
        game.command(line)
    key = (game.mode.value, game.hp, len(game.log), tuple(sorted(game.inventory)))
    outcomes[key] = outcomes.get(key, 0) + 1
for key in sorted(outcomes):
    print(key, outcomes[key])
print('\n'.join(game.log))
