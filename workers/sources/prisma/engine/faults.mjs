// Turns whatever the engine, the database or this program throws into one plain fault.

/** A fault that we found ourselves. */
export class Fault extends Error {
  constructor(fault) {
    super(fault.message)
    this.fault = fault
  }
}

/** Prisma's code for a migration that failed to apply; this build of the engine gives none. */
const APPLY_FAILED = 'P3018'
const UNNAMED = 'engine_error'
const panics = []
globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: (message) => panics.push(String(message)) }

/** The fault behind an error. `trace` is what an adapter saw: the migration that ran and the database's own words. */
export function faultOf(error, trace = null) {
  if (error instanceof Fault) return error.fault
  if (panics.length > 0 || error instanceof WebAssembly.RuntimeError) {
    return { code: 'engine_panic', message: panics.at(-1) ?? `the engine stopped: ${error.message}` }
  }
  if (trace?.failed) return { code: APPLY_FAILED, message: trace.failed.words.message, ...asSeen(trace.failed) }
  const fault = said(error)
  return fault.code === UNNAMED && trace?.error ? { ...fault, ...asSeen({ migration: '', words: trace.error }) } : fault
}

function asSeen({ migration, words }) {
  return { migration, database: words }
}

function said(error) {
  const text = error instanceof Error ? error.message : String(error)
  return userFacing(error) ?? userFacing(parsed(text)) ?? { code: UNNAMED, message: plain(text) }
}

/** The engine's user-facing errors carry their code as `error_code` or `code`, by where they come from. */
function userFacing(value) {
  const code = value?.error_code ?? value?.code
  if (typeof code !== 'string' || !/^P\d{4}$/.test(code)) return null
  const message = plain(String(value.message))
  return { code, message, mistakes: mistakesIn(message) }
}

/** The places that the words of a schema's rejection point to: `error: …`, and below it `--> file:line`. */
function mistakesIn(message) {
  return [...message.matchAll(/^error: (.+)\n\s+-->\s+(.+):(\d+)$/gm)].map(([, words, path, line]) => ({
    message: words,
    path,
    line: Number(line),
  }))
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Without the colours of a terminal and the engine's own call stack. */
export function plain(text) {
  return text
    .replace(/\u001b\[[0-9;]*m/g, '')
    .replace(/\n {3}0: [\w:]+[\s\S]*$/, '')
    .trim()
}
