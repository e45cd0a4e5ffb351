"""Richards: a simulated operating system kernel passing packets between tasks (Martin Richards' description).

Six tasks of fixed priority (idle, worker, two handlers, two devices) exchange packets; the scheduler always
runs the highest-priority task that is able to run. Attribute access, method calls through a base class, and
linked lists. For an idle count of 1000 the known outcome is 2322 packets queued and 928 holds.
"""
from _harness import run

IDLE, WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B = range(6)
FOR_DEVICE, FOR_WORK = range(2)
DATA_SIZE = 4


class Packet:
    def __init__(self, link, address, kind):
        self.link = link
        self.address = address
        self.kind = kind
        self.datum = 0
        self.data = [0] * DATA_SIZE

    def append_to(self, queue):
        """Put this packet at the end of the queue; return the queue's head."""
        self.link = None
        if queue is None:
            return self
        last = queue
        while last.link is not None:
            last = last.link
        last.link = self
        return queue


class Task:
    def __init__(self, kernel, number, priority, queue, waiting):
        self.kernel = kernel
        self.number = number
        self.priority = priority
        self.queue = queue
        self.waiting = waiting
        self.held = False
        self.next = kernel.first
        kernel.first = self
        kernel.tasks[number] = self

    def can_run(self):
        return not self.held and (not self.waiting or self.queue is not None)

    def resume(self):
        """Take the packet a waiting task was woken by and step; the result is the task to look at next."""
        packet = None
        if self.waiting:
            packet = self.queue
            self.queue = packet.link
            self.waiting = False
        return self.step(packet)

    def accept(self, packet, sender):
        """Queue a packet; a first packet may preempt the sender."""
        if self.queue is None:
            self.queue = packet
            packet.link = None
            return self if self.priority > sender.priority else sender
        packet.append_to(self.queue)
        return sender

    def wait(self):
        self.waiting = True
        return self

    def hold(self):
        self.kernel.holds += 1
        self.held = True
        return self.next

    def release(self, number):
        task = self.kernel.tasks[number]
        task.held = False
        return task if task.priority > self.priority else self

    def send(self, packet):
        target = self.kernel.tasks[packet.address]
        self.kernel.queued += 1
        packet.address = self.number
        return target.accept(packet, self)


class IdleTask(Task):
    def __init__(self, kernel, count):
        Task.__init__(self, kernel, IDLE, 0, None, False)
        self.control = 1
        self.count = count

    def step(self, packet):
        self.count -= 1
        if self.count == 0:
            return self.hold()
        if self.control & 1 == 0:
            self.control >>= 1
            return self.release(DEVICE_A)
        self.control = (self.control >> 1) ^ 0xD008
        return self.release(DEVICE_B)


class WorkTask(Task):
    def __init__(self, kernel, queue):
        Task.__init__(self, kernel, WORKER, 1000, queue, True)
        self.handler = HANDLER_A
        self.letter = 0

    def step(self, packet):
        if packet is None:
            return self.wait()
        self.handler = HANDLER_B if self.handler == HANDLER_A else HANDLER_A
        packet.address = self.handler
        packet.datum = 0
        for i in range(DATA_SIZE):
            self.letter += 1
            if self.letter > 26:
                self.letter = 1
            packet.data[i] = ord("A") + self.letter - 1
        return self.send(packet)


class HandlerTask(Task):
    def __init__(self, kernel, number, priority, queue):
        Task.__init__(self, kernel, number, priority, queue, True)
        self.work = None
        self.device = None

    def step(self, packet):
        if packet is not None:
            if packet.kind == FOR_WORK:
                self.work = packet.append_to(self.work)
            else:
                self.device = packet.append_to(self.device)
        work = self.work
        if work is None:
            return self.wait()
        if work.datum >= DATA_SIZE:
            self.work = work.link
            return self.send(work)
        device = self.device
        if device is None:
            return self.wait()
        self.device = device.link
        device.datum = work.data[work.datum]
        work.datum += 1
        return self.send(device)


class DeviceTask(Task):
    def __init__(self, kernel, number, priority):
        Task.__init__(self, kernel, number, priority, None, True)
        self.pending = None

    def step(self, packet):
        if packet is not None:
            self.pending = packet
            return self.hold()
        if self.pending is None:
            return self.wait()
        packet = self.pending
        self.pending = None
        return self.send(packet)


class Kernel:
    def __init__(self):
        self.first = None
        self.tasks = [None] * 6
        self.queued = 0
        self.holds = 0

    def schedule(self):
        task = self.first
        while task is not None:
            if task.can_run():
                task = task.resume()
            else:
                task = task.next


def packets(count, address, kind):
    queue = None
    for _ in range(count):
        queue = Packet(queue, address, kind)
    return queue


def main(n):
    kernel = Kernel()
    IdleTask(kernel, n)
    WorkTask(kernel, packets(2, WORKER, FOR_WORK))
    HandlerTask(kernel, HANDLER_A, 2000, packets(3, DEVICE_A, FOR_DEVICE))
    HandlerTask(kernel, HANDLER_B, 3000, packets(3, DEVICE_B, FOR_DEVICE))
    DeviceTask(kernel, DEVICE_A, 4000)
    DeviceTask(kernel, DEVICE_B, 5000)
    kernel.schedule()
    return "%d/%d" % (kernel.queued, kernel.holds)


if __name__ == "__main__":
    run("richards", main, full=400000, small=1000)
