// Runs the SQL queries of standard input, a JSON list, in DuckDB, in the directory that the argument names, and prints a JSON list with the rows of each, or the error.
const { readFileSync } = require("node:fs");
const { DuckDBInstance } = require("@duckdb/node-api");

async function main() {
  const queries = JSON.parse(readFileSync(0, "utf8"));
  process.chdir(process.argv[2]);
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const answers = [];
  for (const sql of queries) {
    try {
      const reader = await connection.runAndReadAll(sql);
      answers.push({ columns: reader.columnNames(), rows: reader.getRowsJson() });
    } catch (error) {
      answers.push({ error: String(error.message) });
    }
  }
  process.stdout.write(JSON.stringify(answers));
}

main();
