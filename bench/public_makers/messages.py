"""What is said where a public maker has no row."""

NO_ROW = "No row for the {name}: {reason}"
ENDED = "it ended with exit code {code}: {said}"
HUNG_UP = "it hung up amid the requests; what it said last: {said}"
SILENT = "it answered no request within {seconds:g} s; what it said last: {said}"
NOTHING_SAID = "nothing"
