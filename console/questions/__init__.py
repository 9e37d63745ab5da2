"""What people ask, as SQL over the documented views. Each question takes an Analyst and gives plain values."""
