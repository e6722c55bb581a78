"""The council's people and webhooks are told of alerts: whom, and in what words (rules L1–L3)."""
