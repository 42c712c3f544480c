// Sessions on a scratch database, with the schema engine or without it.

import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'

import { datasource } from './datasource.mjs'
import { Fault } from './faults.mjs'
import { schemaEngine } from './lines.mjs'
import { connect as connectPostgres } from './postgres.mjs'
import { connect as connectSqlite } from './sqlite.mjs'
import { Trace } from './trace.mjs'

const PROVIDERS = {
  postgresql: 'postgresql',
  postgres: 'postgresql',
  sqlite: 'sqlite',
  mysql: 'mysql',
  sqlserver: 'sqlserver',
  mongodb: 'mongodb',
  cockroachdb: 'cockroachdb',
}

/** What the tasks of one request share. The engine would take a schema of another engine for one of this database's. */
export function openWork(request) {
  const provider = PROVIDERS[datasource(request.files).provider] ?? request.database.engine
  if (provider !== request.database.engine) {
    throw new Fault({ code: 'engine_mismatch', message: `The schema is one for ${provider}, the database is ${request.database.engine}.` })
  }
  return { request, trace: new Trace(request.migrations) }
}

/** Runs `use` with a fresh engine on a session of its own. `wrap` may stand between the engine and the database. */
export async function withEngine(work, { wrap = (adapter) => adapter, shadow = refused }, use) {
  const module = await schemaEngine(work.request.line)
  return withDatabase(work, async (adapter) => {
    const bound = bindMigrationAwareSqlAdapterFactory({
      provider: adapter.provider,
      adapterName: adapter.adapterName,
      connect: async () => wrap(adapter),
      connectToShadowDb: async () => shadow(adapter),
    })
    const datamodels = work.request.files.map((file) => [file.path, file.content])
    const engine = await module.SchemaEngine.new({ datamodels }, () => {}, bound)
    const found = await use(engine)
    engine.free()
    return found
  })
}

/** Runs `use` with an adapter on a session of its own. */
export async function withDatabase({ request, trace }, use) {
  const connect = request.database.engine === 'sqlite' ? connectSqlite : connectPostgres
  const adapter = await connect(request.database, trace)
  try {
    return await use(adapter)
  } finally {
    await adapter.close()
  }
}

function refused() {
  throw new Error('this task has no second database')
}
