// Adapters that stand between the engine and a scratch database, in place of what it has not: rows, a second database, a wish to write.

import { ColumnTypeEnum as Column } from '@prisma/driver-adapter-utils'

const COUNT = /^\s*SELECT COUNT\(\*\) FROM (?:("(?:[^"]|"")+")\.)?("(?:[^"]|"")+")(?: WHERE ("(?:[^"]|"")+") IS NOT NULL)?\s*;?\s*$/
// With these the engine says every warning that it has: there are rows, and some have a value where others have none.
const SUPPOSED_ROWS = 2
const SUPPOSED_VALUES = 1

/** Takes statements down in place of sending them. */
export function recording(adapter, statements) {
  return {
    ...adapter,
    executeRaw: async (query) => {
      statements.push(query.sql)
      return 0
    },
    executeScript: async (text) => {
      statements.push(text)
    },
  }
}

/** A database on which the history's scripts have run already: they are heard and left out. */
export function replayed(adapter) {
  return {
    ...adapter,
    executeRaw: async (query) => (query.args.length === 0 ? 0 : adapter.executeRaw(query)),
    executeScript: async () => {},
  }
}

/** Answers the engine's questions for rows by counts that somebody took elsewhere; a scratch database has no rows of anybody's. */
export class RowCounts {
  #known
  #asked = new Map()

  /** `counts` are [schema, table, column, rows], with column "" for the table's own. */
  constructor(counts) {
    this.#known = new Map(counts.map(([schema, table, column, rows]) => [key(schema, table, column), rows]))
  }

  /** What was asked, with what was answered. */
  get asked() {
    return [...this.#asked.values()]
  }

  answering(adapter) {
    const { schemaName = '' } = adapter.getConnectionInfo()
    return { ...adapter, queryRaw: async (query) => this.#answer(query.sql, schemaName) ?? adapter.queryRaw(query) }
  }

  #answer(sql, schemaName) {
    const found = COUNT.exec(sql)
    if (found === null) return null
    const [schema, table, column] = [unquoted(found[1]) || schemaName, unquoted(found[2]), unquoted(found[3])]
    const name = key(schema, table, column)
    const rows = this.#known.get(name) ?? (column === '' ? SUPPOSED_ROWS : SUPPOSED_VALUES)
    this.#asked.set(name, [schema, table, column, rows])
    return { columnNames: ['count'], columnTypes: [Column.Int64], rows: [[String(rows)]] }
  }
}

function key(...parts) {
  return JSON.stringify(parts)
}

function unquoted(name) {
  return name === undefined ? '' : name.slice(1, -1).replaceAll('""', '"')
}
