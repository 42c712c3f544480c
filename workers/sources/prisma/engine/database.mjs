// What the schema engine is asked about a scratch database; the answers are plain values.

import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'

import { faultOf } from './faults.mjs'
import { schemaEngine } from './lines.mjs'
import { connect as connectPostgres } from './postgres.mjs'
import { connect as connectSqlite } from './sqlite.mjs'
import { Trace } from './trace.mjs'

export const TASKS = { deploy, undeclared }

/** What the tasks of one request share. */
export function openWork(request) {
  return { request, trace: new Trace(request.migrations), close: async () => {} }
}

/** Applies the pending migrations as `migrate deploy` does. */
async function deploy(work) {
  const { request } = work
  const done = await withEngine(work, {}, (engine) =>
    engine.applyMigrations({ migrationsList: migrationsList(request), filters: request.external }),
  )
  return { applied: done.appliedMigrationNames }
}

/** What would still have to run until the database is what the datamodel says, as a script and in words. */
async function undeclared(work) {
  const { request } = work
  const ask = (script) => ({
    from: { tag: 'schemaDatasource', files: request.files, configDir: '/' },
    to: { tag: 'schemaDatamodel', files: request.files },
    script,
    exitCode: true,
    filters: request.external,
    shadowDatabaseUrl: null,
  })
  return withEngine(work, {}, async (engine) => {
    const found = await engine.diff(ask(true))
    if (found.exitCode === 0) return { sql: '', summary: '' }
    return { sql: found.stdout, summary: (await engine.diff(ask(false))).stdout }
  })
}

/** Runs `use` with a fresh engine on a session of its own. `wrap` may stand between the engine and the database. */
async function withEngine(work, { wrap = (adapter) => adapter, shadow = refused }, use) {
  const { request, trace } = work
  const connect = request.database.engine === 'sqlite' ? connectSqlite : connectPostgres
  const module = await schemaEngine(request.line)
  const adapter = await connect(request.database, trace)
  const bound = bindMigrationAwareSqlAdapterFactory({
    provider: adapter.provider,
    adapterName: adapter.adapterName,
    connect: async () => wrap(adapter),
    connectToShadowDb: async () => shadow(adapter),
  })
  const datamodels = request.files.map((file) => [file.path, file.content])
  try {
    const engine = await module.SchemaEngine.new({ datamodels }, () => {}, bound)
    const found = await use(engine)
    engine.free()
    return found
  } finally {
    await adapter.close()
  }
}

function refused() {
  throw new Error('this task has no second database')
}

function migrationsList(request) {
  return {
    baseDir: '/migrations',
    lockfile: { path: 'migration_lock.toml', content: request.lock },
    shadowDbInitScript: '',
    migrationDirectories: request.migrations.map((migration) => ({
      path: migration.name,
      migrationFile: {
        path: 'migration.sql',
        content: migration.sql === null ? { tag: 'error', value: 'there is no such file' } : { tag: 'ok', value: migration.sql },
      },
    })),
  }
}
