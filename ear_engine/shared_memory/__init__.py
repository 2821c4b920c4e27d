"""What the processes share: mailboxes that hold the latest value, and immutable loop files."""
