"""A worker: takes a frame from a ring, leaves the finished packet in another."""
