"""What proves that a member was active on a day: bits of ActiveDay.proofs."""

LAUNCH = 1
ACCESS = 2
SUBMISSION = 4
ATTEMPT = 8
COMPLETION = 16
POST = 32
