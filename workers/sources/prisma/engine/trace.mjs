// What an adapter saw: the migration that is being applied, and the database's own words about what went wrong.

import { DriverAdapterError } from '@prisma/driver-adapter-utils'

const HISTORY = /[`"]_prisma_migrations[`"]/

export class Trace {
  /** The last query's error; null after one that went well. */
  error = null
  /** The script that failed: {migration, words}. */
  failed = null
  #migration = ''
  #script = ''
  #names

  constructor(migrations) {
    this.#names = new Set(migrations.map((migration) => migration.name))
  }

  /** A row of the history is written before its script runs. */
  query(query) {
    this.error = null
    if (HISTORY.test(query.sql) && /^\s*INSERT\b/i.test(query.sql)) {
      this.#migration = query.args.find((given) => this.#names.has(given)) ?? ''
    }
  }

  script(text) {
    this.#script = text
  }

  /** Keeps the words about a query, and gives the error that the engine understands. */
  queryFailed({ cause, ...words }) {
    this.error = { ...words, line: 0 }
    return new DriverAdapterError(cause)
  }

  /** The same for a script; `position` is the database's own, from 1, or 0. */
  scriptFailed({ cause, position, ...words }) {
    const line = position > 0 ? lineAt(this.#script, position) : 0
    this.failed ??= { migration: this.#migration, words: { ...words, line } }
    return new DriverAdapterError(cause)
  }
}

/** PostgreSQL counts characters, not JavaScript's units. */
function lineAt(script, position) {
  let line = 1
  for (const character of script) {
    if (--position <= 0) break
    if (character === '\n') line++
  }
  return line
}
