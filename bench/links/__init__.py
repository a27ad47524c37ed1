"""A link to order between two network namespaces: rate, delay, loss and queue, changeable while it runs.

    shaping    what a link does to packets, as a pure queue
    emulator   the process that carries packets from one TUN device to the other through two such queues
    pair       the two namespaces and the emulator between them: what tests and scenarios open

The kernels here have no netem, so the delay is made in user space; at 20 Mbit/s that is 2,500 packets a second.
"""
