"""What every process shares: segments, rings, messages, supervised children, the pure logic, settings and errors."""
