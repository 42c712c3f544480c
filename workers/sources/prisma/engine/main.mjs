// One request in, one answer out: reads the request file named on the command line, does its tasks in order, writes JSON to stdout.
//
// Request: {line, files, lock, migrations, external, prepare, database, tasks: [{do, ...}]}. Answer: {answers: [...]} with one entry a
// task, or fewer and {fault}: the first task that cannot be done ends the run, as the later ones build upon it.

import { readFileSync } from 'node:fs'

import { readConfig } from './config.mjs'
import { TASKS as DATABASE_TASKS } from './database.mjs'
import { faultOf } from './faults.mjs'
import { describe, order } from './schema.mjs'
import { openWork } from './session.mjs'

const TASKS = { config: readConfig, describe, order }
const answers = []
let finished = false

// A panic inside the engine arrives from a microtask, where no `try` of ours stands around it.
process.once('uncaughtException', (error) => finish({ answers, fault: faultOf(error) }))
process.once('unhandledRejection', (error) => finish({ answers, fault: faultOf(error) }))

await finish(await answer(JSON.parse(readFileSync(process.argv[2], 'utf8'))))

async function answer(request) {
  let work = null
  try {
    for (const task of request.tasks) {
      if (Object.hasOwn(TASKS, task.do)) {
        answers.push(TASKS[task.do](request, task))
      } else {
        if (!Object.hasOwn(DATABASE_TASKS, task.do)) throw new Error('there is no such task')
        work ??= openWork(request)
        answers.push(await DATABASE_TASKS[task.do](work, task))
      }
    }
    return { answers }
  } catch (error) {
    return { answers, fault: faultOf(error, work?.trace) }
  }
}

async function finish(said) {
  if (finished) return
  finished = true
  // process.exit() right after a write cuts what the pipe has not taken yet.
  await new Promise((resolve) => process.stdout.write(JSON.stringify(said), resolve))
  process.exit(0)
}
