// What the names of a small program stand for: its imports and its constants.

const SKIPPED = new Set(['loc', 'start', 'end', 'range', 'type'])

export class Names {
  #imports = new Map()
  #constants = new Map()
  #uses = new Map()

  constructor(tree) {
    this.tree = tree
    for (const node of tree.body) this.#statement(node)
    this.#count(tree)
  }

  /** The value of a top-level constant; an object or list only where nothing else of the program has it in hand. */
  constant(name) {
    const node = this.#constants.get(name)
    const used = this.#uses.get(name) ?? 0
    if (node === undefined || (!isText(node) && used > 2)) return null
    return node
  }

  /** Whether `callee` (`join`, `path.join`) is this member of one of these modules. */
  isFrom(callee, modules, member) {
    const [first, ...rest] = callee.split('.')
    const imported = this.#imports.get(first)
    if (imported === undefined || !modules.includes(imported.module)) return false
    return [...imported.members, ...rest].filter((name) => name !== 'default').join('.') === member
  }

  #statement(node) {
    if (node.type === 'ImportDeclaration') {
      for (const specifier of node.specifiers) this.#imported(specifier, node.source.value)
    }
    const declared = node.type === 'ExportNamedDeclaration' ? node.declaration : node
    if (declared?.type !== 'VariableDeclaration' || declared.kind !== 'const') return
    for (const { id, init } of declared.declarations) this.#declared(id, init)
  }

  #imported(specifier, module) {
    const members = specifier.type === 'ImportSpecifier' ? [specifier.imported.name ?? specifier.imported.value] : []
    this.#imports.set(specifier.local.name, { module, members })
  }

  #declared(id, init) {
    const module = required(init)
    if (module !== null && id.type === 'Identifier') this.#imports.set(id.name, { module, members: [] })
    else if (module !== null && id.type === 'ObjectPattern') this.#unpacked(id, module)
    else if (init && id.type === 'Identifier') this.#constants.set(id.name, init)
  }

  #unpacked(pattern, module) {
    for (const property of pattern.properties) {
      if (property.type === 'Property' && property.value.type === 'Identifier') {
        this.#imports.set(property.value.name, { module, members: [property.key.name] })
      }
    }
  }

  /** Counts where each name stands, its declaration included; names of properties are no uses. */
  #count(node) {
    if (node.type === 'Identifier') this.#uses.set(node.name, (this.#uses.get(node.name) ?? 0) + 1)
    for (const [key, value] of Object.entries(node)) {
      const named = !node.computed && ((node.type === 'MemberExpression' && key === 'property') || (node.type === 'Property' && key === 'key'))
      if (SKIPPED.has(key) || (named && !node.shorthand)) continue
      for (const child of Array.isArray(value) ? value : [value]) if (typeof child?.type === 'string') this.#count(child)
    }
  }
}

function isText(node) {
  return node.type === 'Literal' || node.type === 'TemplateLiteral'
}

function required(node) {
  const is = node?.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === 'require'
  return is && node.arguments[0]?.type === 'Literal' ? String(node.arguments[0].value) : null
}
