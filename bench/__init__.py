"""The throughput harness: synthetic and real sources, peers, reports, committed results."""
