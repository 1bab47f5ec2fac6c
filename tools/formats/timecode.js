// Reads [[frame, numerator, denominator, drop], ...] from standard input and prints the timecodes that smpte-timecode gives them, as a JSON list.
const { readFileSync } = require("node:fs");
const Timecode = require("smpte-timecode");

const asked = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(asked.map(([frame, num, den, drop]) => Timecode(frame, [num, den], drop).toString())));
