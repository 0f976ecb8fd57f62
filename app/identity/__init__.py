"""Who people are, how they prove it, and what they may do (architecture section 3, Accounts)."""
