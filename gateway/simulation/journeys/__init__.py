"""What people do, as generators: each yields the epoch ms at which it wants to go on, and touches the world then."""
