"""Stories: people push and comment on the stand-in, the bot hears it by webhook, and what they see is read back."""
