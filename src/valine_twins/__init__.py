"""The offline twins of GitHub and Discord: pure hearts, and shells that carry HTTP to them."""
