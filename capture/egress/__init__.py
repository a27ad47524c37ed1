"""The egress proxy: the browsers' only way out, where something is denied to them. One process for all sessions."""
