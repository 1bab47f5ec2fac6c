// Reads a WebVTT metadata track from standard input with the parser of the W3C's validator and prints what it found: {"errors": [...], "cues": [...]}.
const { readFileSync } = require("node:fs");
const { WebVTTParser } = require("webvtt-parser");

const track = new WebVTTParser().parse(readFileSync(0, "utf8"), "metadata");
const cues = track.cues.map(({ id, startTime, endTime, text }) => ({ id, start: startTime, end: endTime, text }));
process.stdout.write(JSON.stringify({ errors: track.errors, cues }));
