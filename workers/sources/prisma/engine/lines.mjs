// The two lines of the engine, each as its published WebAssembly, wired by hand because the packages export no ready module.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import './faults.mjs'

const require = createRequire(import.meta.url)
const modules = {}

/** The schema validator: `validate`, `lint`, `get_config`, `get_dmmf`; needs no database. */
export function validator(line) {
  return require(line === '6' ? 'psw6' : 'psw7')
}

/** The schema engine's module; `SchemaEngine.new` of it makes an engine upon an adapter. */
export async function schemaEngine(line) {
  // Once a line: the glue keeps views of its first instance's memory.
  modules[line] ??= instantiated(line === '6' ? 'sew6/schema_engine_bg' : 'sew7/schema_engine_bg')
  return modules[line]
}

async function instantiated(name) {
  const glue = await import(name)
  const file = join(dirname(fileURLToPath(import.meta.resolve(name))), 'schema_engine_bg.wasm')
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), { './schema_engine_bg.js': glue })
  glue.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  return glue
}
