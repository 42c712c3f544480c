// What the schema engine is asked about a scratch database; the answers are plain values.

import { Fault, faultOf } from './faults.mjs'
import { withDatabase, withEngine } from './session.mjs'
import { RowCounts, recording, replayed } from './stand-ins.mjs'

export const TASKS = { back, created, deploy, diagnose, push, remember, run, undeclared }

/** Prisma's code for a database in which there is nothing to introspect. */
const NO_TABLES = 'P4001'
const HEADS = /^\s*(?:datasource|generator)\s+\w+\s*\{[^}]*\}/gm

/** Applies the pending migrations as `migrate deploy` does. */
async function deploy(work) {
  const { request } = work
  await prepare(work)
  const done = await withEngine(work, {}, (engine) =>
    engine.applyMigrations({ migrationsList: migrationsList(request), filters: request.external }),
  )
  return { applied: done.appliedMigrationNames }
}

/** Makes what the project leaves to others, where nothing is yet; Prisma does so on its own second database, and a copy has it. */
async function prepare(work) {
  const { prepare: script } = work.request
  if (script === '') return
  await withDatabase(work, async (adapter) => {
    if (await adapter.holdsAnything()) return
    await adapter.executeScript(script).catch(() => {
      const words = work.trace.failed.words
      throw new Fault({ code: 'preparation_failed', message: words.message, database: words })
    })
  })
}

/** Keeps what the database is now, as the engine reads it, for `back`. */
async function remember(work) {
  const heads = work.request.files.map(({ path, content }) => ({ path, content: (content.match(HEADS) ?? []).join('\n') }))
  const params = { schema: { files: heads }, baseDirectoryPath: '/', force: true, compositeTypeDepth: -1, namespaces: null }
  try {
    work.before = (await withEngine(work, {}, (engine) => engine.introspect(params))).schema.files
  } catch (error) {
    if (faultOf(error).code !== NO_TABLES) throw error
    work.before = heads
  }
  return {}
}

/** What would have to run until the database is what `remember` kept; not every database can be said as a valid schema. */
async function back(work) {
  try {
    return await difference(work, work.before, false)
  } catch (error) {
    return { fault: faultOf(error) }
  }
}

/** What would still have to run until the database is what the datamodel says, as a script and in words. */
async function undeclared(work) {
  const found = await difference(work, work.request.files)
  work.undeclared = found.sql
  return found
}

/** As a script, and where asked for in words: the engine reads the database anew for each. */
function difference(work, files, inWords = true) {
  const { request } = work
  const ask = (script) => ({
    from: { tag: 'schemaDatasource', files: request.files, configDir: '/' },
    to: { tag: 'schemaDatamodel', files },
    script,
    exitCode: true,
    filters: request.external,
    shadowDatabaseUrl: null,
  })
  return withEngine(work, {}, async (engine) => {
    const found = await engine.diff(ask(true))
    if (found.exitCode === 0) return { sql: '', summary: '' }
    return { sql: found.stdout, summary: inWords ? (await engine.diff(ask(false))).stdout : '' }
  })
}

/**
 * The migration that `migrate dev --create-only` would write beyond these, for a database on which they are applied.
 *
 * The engine replays them on a second database to see what they make. They are here already, so it is shown this one
 * and its scripts are left out.
 */
async function created(work, task) {
  const { request } = work
  if (task.ifUndeclared && work.undeclared === '') return { sql: '', warnings: [], unexecutable: [], asked: [] }
  const rows = new RowCounts(task.counts)
  const common = { migrationsList: migrationsList(request, task.names), schema: { files: request.files }, filters: request.external }
  return withEngine(work, { wrap: (adapter) => rows.answering(adapter), shadow: replayed }, async (engine) => {
    await engine.devDiagnostic({ migrationsList: common.migrationsList, filters: common.filters })
    const losses = await engine.evaluateDataLoss(common)
    const made = await engine.createMigration({ ...common, draft: false, migrationName: 'next' })
    return {
      sql: made.migrationScript ?? '',
      warnings: losses.warnings.map(loss),
      unexecutable: losses.unexecutableSteps.map(loss),
      asked: rows.asked,
    }
  })
}

/** What `db push` would run, recorded in place of being run. */
async function push(work, task) {
  const { request } = work
  const rows = new RowCounts(task.counts)
  const params = { schema: { files: request.files }, filters: request.external }
  const dryRun = async (force) => {
    const statements = []
    const wrap = (adapter) => recording(rows.answering(adapter), statements)
    const told = await withEngine(work, { wrap }, (engine) => engine.schemaPush({ ...params, force }))
    return { ...told, statements }
  }
  // Without force a push with warnings ends before its first statement.
  const careful = await dryRun(false)
  const { statements } = careful.warnings.length > 0 ? await dryRun(true) : careful
  const { warnings, unexecutable } = careful
  work.recorded = statements
  return { statements, warnings, unexecutable, asked: rows.asked }
}

/** Runs on the scratch database what `push` recorded, so that `back` can say what takes it back. */
async function run(work) {
  await withDatabase(work, async (adapter) => {
    for (const statement of work.recorded) await adapter.executeScript(statement)
  })
  return {}
}

/** How the history stands to the rows of `_prisma_migrations`. */
async function diagnose(work) {
  const { request } = work
  const ask = { migrationsList: migrationsList(request), optInToShadowDatabase: false, filters: request.external }
  const told = await withEngine(work, {}, (engine) => engine.diagnoseMigrationHistory(ask))
  const history = told.history ?? {}
  return {
    pending: history.unappliedMigrationNames ?? [],
    edited: told.editedMigrationNames,
    failed: told.failedMigrationNames,
    missing_from_code: history.unpersistedMigrationNames ?? [],
    diverged: history.diagnostic === 'historiesDiverge',
    last_common: history.lastCommonMigrationName ?? '',
    has_table: told.hasMigrationsTable,
  }
}

function loss({ message, stepIndex }) {
  return { message, step: stepIndex }
}

/** All migrations of a request, or those of some names. */
function migrationsList(request, names = null) {
  const wanted = request.migrations.filter((migration) => names === null || names.includes(migration.name))
  return {
    baseDir: '/migrations',
    lockfile: { path: 'migration_lock.toml', content: request.lock },
    shadowDbInitScript: '',
    migrationDirectories: wanted.map((migration) => ({
      path: migration.name,
      migrationFile: {
        path: 'migration.sql',
        content: migration.sql === null ? { tag: 'error', value: 'there is no such file' } : { tag: 'ok', value: migration.sql },
      },
    })),
  }
}
