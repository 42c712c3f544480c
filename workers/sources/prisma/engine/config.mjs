// The literal values of a prisma.config file, taken from its syntax tree. The file is never run; what is not literal is named.

import { posix } from 'node:path'

import { tsPlugin } from '@sveltejs/acorn-typescript'
import { Parser } from 'acorn'

import { Fault } from './faults.mjs'
import { Names } from './names.mjs'

const WRAPPERS = new Set(['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression', 'TSTypeAssertion', 'ParenthesizedExpression'])
const CONFIG_MODULES = ['prisma/config', '@prisma/config']
const PATH_MODULES = ['path', 'node:path', 'path/posix', 'node:path/posix']
/** May hold a password: only that they are set is said. */
const SECRET = /^datasource\.(url|directUrl|shadowDatabaseUrl)$/
const DYNAMIC = Symbol('dynamic')

/** {values: [[key, value]], dynamic: [key]}; keys are dotted paths, lists are joined by line ends, "*" is all that a place may hold. */
export function readConfig(_request, task) {
  const names = new Names(parsed(task.path, task.text))
  const found = new Reading(names)
  found.object(exported(names), [])
  return { values: [...found.values], dynamic: [...found.dynamic] }
}

function parsed(path, text) {
  const parser = Parser.extend(tsPlugin({ jsx: false }))
  const options = { ecmaVersion: 'latest', locations: true, allowHashBang: true, allowReturnOutsideFunction: true }
  try {
    return parser.parse(text, { ...options, sourceType: 'module' })
  } catch (error) {
    const message = String(error.message).replace(/ \(\d+:\d+\)$/, '')
    throw new Fault({ code: 'config_unreadable', message, mistakes: [{ message, path, line: error.loc?.line ?? 1 }] })
  }
}

/** The expression that the file gives to Prisma, or null where there is no single one. */
function exported(names) {
  const found = names.tree.body.flatMap((node) => {
    if (node.type === 'ExportDefaultDeclaration') return [node.declaration]
    if (node.type === 'TSExportAssignment') return [node.expression]
    const set = node.type === 'ExpressionStatement' && node.expression.type === 'AssignmentExpression' ? node.expression : null
    return set && ['module.exports', 'exports.default'].includes(dotted(set.left)) ? [set.right] : []
  })
  return found.length === 1 ? found[0] : null
}

class Reading {
  values = new Map()
  dynamic = new Set()

  constructor(names) {
    this.names = names
  }

  object(expression, path) {
    const node = this.#config(this.#plain(expression))
    if (node?.type !== 'ObjectExpression') {
      this.dynamic.add([...path, '*'].join('.'))
      return
    }
    for (const property of node.properties) this.#property(property, path)
  }

  #property(property, path) {
    const name = property.type === 'Property' && !property.computed && property.kind === 'init' ? keyOf(property) : null
    if (name === null) {
      this.dynamic.add([...path, '*'].join('.')) // a spread, a getter, a computed name
      return
    }
    const key = [...path, name].join('.')
    const node = this.#plain(property.value)
    if (node.type === 'ObjectExpression') this.object(node, [...path, name])
    else if (SECRET.test(key)) this.values.set(key, '')
    else this.#keep(key, this.#literal(node))
  }

  #keep(key, value) {
    this.values.delete(key)
    this.dynamic.delete(key)
    if (value === DYNAMIC) this.dynamic.add(key)
    else if (value !== undefined) this.values.set(key, Array.isArray(value) ? value.join('\n') : String(value))
  }

  /** `defineConfig({…})` is the object itself. */
  #config(node) {
    const defines = node?.type === 'CallExpression' && this.names.isFrom(dotted(node.callee), CONFIG_MODULES, 'defineConfig')
    return defines && node.arguments.length === 1 ? this.#plain(node.arguments[0]) : node
  }

  /** Without type annotations; a name stands for its constant. */
  #plain(node) {
    while (node && WRAPPERS.has(node.type)) node = node.expression
    const constant = node?.type === 'Identifier' ? this.names.constant(node.name) : null
    return constant ? this.#plain(constant) : node
  }

  #literal(given) {
    const node = this.#plain(given)
    switch (node.type) {
      case 'Literal':
        return node.value === null || typeof node.value === 'object' ? DYNAMIC : node.value
      case 'TemplateLiteral':
        return this.#joined(interleaved(node), '')
      case 'BinaryExpression':
        return node.operator === '+' ? this.#joined([node.left, node.right], '') : DYNAMIC
      case 'ArrayExpression':
        return this.#all(node.elements)
      case 'CallExpression':
        return this.#path(node)
      case 'Identifier':
        return node.name === 'undefined' ? undefined : DYNAMIC
      default:
        return DYNAMIC
    }
  }

  /** `path.join('prisma', 'schema')`, also from the file's own folder; the paths of a config file are relative to it anyway. */
  #path(node) {
    const callee = dotted(node.callee)
    const names = ['join', 'resolve'].filter((name) => this.names.isFrom(callee, PATH_MODULES, name))
    if (names.length === 0) return DYNAMIC
    const [first, ...rest] = node.arguments
    const own = first && ['__dirname', 'import.meta.dirname'].includes(dotted(first))
    if (names[0] === 'resolve' && !own) return DYNAMIC // from wherever the tool was started
    const parts = this.#all(own ? rest : node.arguments)
    return parts === DYNAMIC ? DYNAMIC : posix.join(...parts.map(String))
  }

  #joined(nodes, between) {
    const parts = this.#all(nodes)
    return parts === DYNAMIC || !parts.some((part) => typeof part === 'string') ? DYNAMIC : parts.join(between)
  }

  #all(nodes) {
    const found = nodes.map((node) => (typeof node === 'string' ? node : node === null ? DYNAMIC : this.#literal(node)))
    return found.some((item) => item === DYNAMIC || item === undefined || Array.isArray(item)) ? DYNAMIC : found
  }
}

function keyOf(property) {
  return property.key.type === 'Identifier' ? property.key.name : String(property.key.value)
}

function interleaved(template) {
  return template.quasis.flatMap((quasi, at) => [quasi.value.cooked ?? '', ...template.expressions.slice(at, at + 1)])
}

/** `a.b.c` as text, "" for anything else. */
function dotted(node) {
  if (node.type === 'Identifier') return node.name
  if (node.type === 'MetaProperty') return `${node.meta.name}.${node.property.name}`
  if (node.type !== 'MemberExpression' || node.computed) return ''
  const object = dotted(node.object)
  return object && `${object}.${node.property.name}`
}
