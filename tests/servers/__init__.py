"""Local servers that answer as the platforms do, over real sockets on 127.0.0.1."""
