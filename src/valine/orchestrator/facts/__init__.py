"""What documents and replies show, as plain frozen values, and how a run gives them."""
