// What a schema says without any database: whether it is valid, what its datasource wants, its datamodel, the order of migrations.

import { datasource } from './datasource.mjs'
import { Fault, faultOf, plain } from './faults.mjs'
import { validator } from './lines.mjs'

/** Validates the schema files and describes the datasource; a schema that one line refuses may be good for the other. */
export function describe(request, task) {
  try {
    return described(request, task)
  } catch (error) {
    return { fault: faultOf(error) }
  }
}

/** The order in which Prisma's own tool sorts the folders of a history. */
export function order(request, task) {
  return { names: [...task.names].sort((a, b) => a.localeCompare(b)) }
}

function described(request, task) {
  const engine = validator(task.line)
  const prismaSchema = request.files.map((file) => [file.path, file.content])
  validate(engine, prismaSchema)
  const config = JSON.parse(
    engine.get_config(JSON.stringify({ prismaSchema, datasourceOverrides: {}, ignoreEnvVarErrors: true, env: {} })),
  ).config
  const source = config.datasources[0] ?? {}
  const written = datasource(request.files)
  return {
    provider: source.activeProvider ?? '',
    has_url: written.keys.has('url') || written.keys.has('directUrl'),
    schemas: (source.schemas ?? []).map(String),
    relation_mode: written.relationMode,
    preview: [...new Set(config.generators.flatMap((generator) => generator.previewFeatures ?? []))],
    extensions: written.extensions,
    datamodel: task.datamodel ? engine.get_datamodel(JSON.stringify({ prismaSchema, noColor: true })) : '',
  }
}

function validate(engine, prismaSchema) {
  try {
    engine.validate(JSON.stringify({ prismaSchema, noColor: true }))
  } catch (error) {
    const mistakes = located(engine, prismaSchema)
    if (mistakes.length === 0) throw error
    throw new Fault({ code: 'P1012', ...mistakes[0], mistakes })
  }
}

function located(engine, prismaSchema) {
  const contents = new Map(prismaSchema)
  return JSON.parse(engine.lint(JSON.stringify(prismaSchema)))
    .filter((mistake) => !mistake.is_warning)
    .slice(0, 100)
    .map((mistake) => ({
      message: plain(mistake.text),
      path: mistake.file_name,
      line: lineAt(contents.get(mistake.file_name) ?? '', mistake.start),
    }))
}

/** Offsets count the bytes of UTF-8. */
function lineAt(content, offset) {
  return Buffer.from(content).subarray(0, offset).toString('latin1').split('\n').length
}
