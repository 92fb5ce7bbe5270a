"""What a sentence means: its intent, its facts, how sure that is, and why. No database, no channels."""
