// The engine's adapter for a scratch SQLite file: whole scripts, no other file in reach, no surprise where there is no history yet.

import { DatabaseSync } from 'node:sqlite'

import { ColumnTypeEnum as Column } from '@prisma/driver-adapter-utils'

const HISTORY = /\bFROM\s+[`"]_prisma_migrations[`"]/i
const ANYTHING = "SELECT 1 FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
const HAS_HISTORY = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_prisma_migrations'"

/** Opens the file. ATTACH, and with it VACUUM INTO, has no slot; foreign keys and quotes are as in Prisma's own build of SQLite. */
export async function connect(database, trace) {
  const file = new DatabaseSync(database.path, {
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: true,
    allowExtension: false,
    limits: { attach: 0 },
    timeout: 5000,
  })
  file.exec('PRAGMA synchronous=OFF') // a file that is thrown away need not outlive a power cut
  return adapter(file, trace)
}

function adapter(file, trace) {
  const ask = async (query, send) => {
    trace.query(query)
    try {
      return send(query)
    } catch (error) {
      throw trace.queryFailed(described(error))
    }
  }
  return {
    provider: 'sqlite',
    adapterName: 'schemagate-sqlite',
    getConnectionInfo: () => ({ maxBindValues: 999, supportsRelationJoins: false }),
    queryRaw: (query) => ask(query, (asked) => rows(file, asked)),
    executeRaw: (query) => ask(query, (asked) => execute(file, asked)),
    executeScript: async (text) => {
      trace.script(text)
      try {
        file.exec(text)
      } catch (error) {
        throw trace.scriptFailed(described(error))
      }
    },
    holdsAnything: async () => file.prepare(ANYTHING).get() !== undefined,
    startTransaction: () => Promise.reject(new Error('the schema engine opens no transaction of its own')),
    dispose: async () => {},
    close: async () => file.close(),
  }
}

/** Scripts of a shadow replay come this way, too; a prepared statement would run the first command alone. */
function execute(file, query) {
  if (query.args.length === 0) {
    file.exec(query.sql)
    return 0
  }
  return Number(file.prepare(query.sql).run(...query.args.map(argument)).changes)
}

function rows(file, query) {
  if (HISTORY.test(query.sql) && !hasHistory(file)) {
    return { columnNames: [], columnTypes: [], rows: [] }
  }
  const statement = file.prepare(query.sql)
  statement.setReturnArrays(true)
  const columns = statement.columns()
  const found = statement.all(...query.args.map(argument))
  const types = columns.map((column, at) => columnType(column.type, found.find((row) => row[at] !== null)?.[at]))
  return {
    columnNames: columns.map((column) => column.name),
    columnTypes: types,
    rows: found.map((row) => row.map((given, at) => value(given, types[at]))),
  }
}

function hasHistory(file) {
  return file.prepare(HAS_HISTORY).get() !== undefined
}

/** By the declared type of a table's column; what is computed has none and is known by its first value. */
function columnType(declared, example) {
  const name = (declared ?? '').toUpperCase()
  if (name.startsWith('DATETIME') || name.startsWith('TIMESTAMP')) return Column.DateTime
  if (name.startsWith('BOOL')) return Column.Boolean
  if (typeof example === 'string' || name.includes('CHAR') || name.includes('TEXT')) return Column.Text
  if (example instanceof Uint8Array) return Column.Bytes
  if (name.includes('INT')) return Column.Int64
  return typeof example === 'number' && !Number.isInteger(example) ? Column.Double : Column.Int64
}

function value(given, type) {
  if (given === null || given instanceof Uint8Array) return given
  if (type === Column.Boolean) return Boolean(given)
  if (type === Column.DateTime) return moment(given)
  if (type === Column.Double) return Number(given)
  return String(given)
}

/** Prisma writes milliseconds, `CURRENT_TIMESTAMP` a text of UTC. */
function moment(given) {
  const date = typeof given === 'number' ? new Date(given) : new Date(`${String(given).replace(' ', 'T').replace(/Z$/, '')}Z`)
  return Number.isNaN(date.getTime()) ? String(given) : date.toISOString().replace('Z', '+00:00')
}

function argument(given) {
  if (typeof given === 'boolean') return Number(given)
  const isMoment = given instanceof Date || (typeof given === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(given))
  return isMoment ? new Date(given).getTime() : given
}

function described(error) {
  const code = Number(error.errcode ?? 1)
  const message = String(error.message)
  return {
    state: String(code),
    message,
    detail: '',
    hint: '',
    position: 0,
    cause: { kind: 'sqlite', extendedCode: code, message },
  }
}
