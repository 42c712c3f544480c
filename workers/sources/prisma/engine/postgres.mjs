// The engine's adapter for a scratch PostgreSQL behind a Unix socket: one session, scripts sent whole, catalog types it can read.

import { ColumnTypeEnum as Column } from '@prisma/driver-adapter-utils'
import pg from 'pg'

const LIST = {
  [Column.Boolean]: Column.BooleanArray,
  [Column.Int32]: Column.Int32Array,
  [Column.Int64]: Column.Int64Array,
  [Column.Text]: Column.TextArray,
  [Column.Character]: Column.CharacterArray,
}
// Numbers of pg_type, and those of their arrays. What is not here is text: the engine reads catalogs, not people's tables.
const SCALARS = {
  16: Column.Boolean,
  18: Column.Character, // the catalogs' own "char"
  20: Column.Int64,
  21: Column.Int32,
  23: Column.Int32,
  26: Column.Int64,
}
const TIMES = new Set([1114, 1184])
const ARRAYS = {
  1000: Column.Boolean,
  1005: Column.Int32,
  1007: Column.Int32,
  1016: Column.Int64,
  1028: Column.Int64,
  1002: Column.Character,
  1003: Column.Text,
  1009: Column.Text,
  1015: Column.Text,
}
// What a server brings has a number below 16384; what an extension brings may be there from the start.
const ANYTHING = `
  SELECT EXISTS (
    SELECT FROM (SELECT tableoid, oid FROM pg_class UNION ALL SELECT tableoid, oid FROM pg_proc) AS made
    WHERE oid >= 16384
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = made.tableoid AND objid = made.oid AND deptype IN ('e', 'i', 'a'))
  ) AS here`
const AS_SENT = { getTypeParser: () => (text) => text }

/** Opens one session. `database` is {socket, port, user, password, name}. */
export async function connect(database, trace) {
  const client = new pg.Client({
    host: database.socket,
    port: database.port,
    user: database.user,
    password: database.password,
    database: database.name,
  })
  client.on('error', () => {}) // the next query says it again
  await client.connect()
  const found = await client.query('SELECT current_schema() AS name')
  return adapter(client, found.rows[0].name ?? 'public', trace)
}

function adapter(client, schemaName, trace) {
  const ask = async (query, send) => {
    trace.query(query)
    try {
      return await send(query)
    } catch (error) {
      throw trace.queryFailed(described(error))
    }
  }
  return {
    provider: 'postgres',
    adapterName: 'schemagate-pg',
    // The engine's default schema is the one in which a session of this role makes tables.
    getConnectionInfo: () => ({ schemaName, maxBindValues: 32766, supportsRelationJoins: true }),
    queryRaw: (query) => ask(query, (asked) => rows(client, asked)),
    executeRaw: (query) => ask(query, async (asked) => (await sent(client, asked)).rowCount ?? 0),
    executeScript: async (text) => {
      trace.script(text)
      try {
        await client.query(text)
      } catch (error) {
        // A BEGIN of the script's own would leave the session in a transaction that takes nothing any more.
        await client.query('ROLLBACK').catch(() => {})
        throw trace.scriptFailed(described(error))
      }
    },
    holdsAnything: async () => (await client.query(ANYTHING)).rows[0].here,
    startTransaction: () => Promise.reject(new Error('the schema engine opens no transaction of its own')),
    dispose: async () => {},
    close: () => client.end(),
  }
}

function sent(client, query) {
  return client.query({ text: query.sql, values: query.args.map(argument), rowMode: 'array', types: AS_SENT })
}

async function rows(client, query) {
  const found = await sent(client, query)
  const kinds = found.fields.map((field) => field.dataTypeID)
  return {
    columnNames: found.fields.map((field) => field.name),
    columnTypes: kinds.map(columnType),
    rows: found.rows.map((row) => row.map((text, at) => (text === null ? null : value(text, kinds[at])))),
  }
}

function columnType(kind) {
  if (kind in ARRAYS) return LIST[ARRAYS[kind]]
  return TIMES.has(kind) ? Column.DateTime : (SCALARS[kind] ?? Column.Text)
}

function value(text, kind) {
  if (kind in ARRAYS) return pg.types.arrayParser.create(text, (item) => scalar(item, ARRAYS[kind])).parse()
  if (TIMES.has(kind)) return moment(text, kind)
  return scalar(text, SCALARS[kind])
}

function scalar(text, type) {
  if (type === Column.Boolean) return text === 't'
  return type === Column.Int32 ? Number(text) : text
}

/** `2026-01-02 03:04:05.6+02` as ISO 8601; a time without a zone is one of UTC. */
function moment(text, kind) {
  const zone = kind === 1114 ? 'Z' : (/[+-]\d\d(:\d\d)*$/.exec(text)?.[0] ?? 'Z')
  const local = text.replace(/[+-]\d\d(:\d\d)*$/, '').replace(' ', 'T')
  const date = new Date(local + (zone.length === 3 ? `${zone}:00` : zone))
  return Number.isNaN(date.getTime()) ? text : date.toISOString().replace('Z', '+00:00')
}

function argument(given) {
  return given instanceof Date ? given.toISOString() : given
}

/** The database's own words, and the error that the engine understands. */
function described(error) {
  return {
    state: String(error.code ?? ''),
    message: String(error.message),
    detail: String(error.detail ?? ''),
    hint: String(error.hint ?? ''),
    position: Number(error.position ?? 0),
    cause: {
      kind: 'postgres',
      code: String(error.code ?? ''),
      severity: String(error.severity ?? 'ERROR'),
      message: String(error.message),
      detail: error.detail,
      column: error.column,
      hint: error.hint,
    },
  }
}
