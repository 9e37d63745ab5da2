"""The supervised tree of processes: supervisord's configuration, its remote control, and what runs inside of it."""
