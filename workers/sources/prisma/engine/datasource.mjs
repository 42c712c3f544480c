// What the engine's own description of a datasource leaves out, read from the text of a schema that it has accepted.

const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|[A-Za-z_][\w-]*|\S/g

/** Keys, provider, relation mode and extensions of the first `datasource` block in these files. */
export function datasource(files) {
  for (const file of files) {
    const block = find(tokens(file.content))
    if (block) return read(block)
  }
  return { keys: new Set(), provider: '', relationMode: '', extensions: [] }
}

function tokens(content) {
  return (content.match(TOKEN) ?? []).filter((token) => !/^\/[/*]/.test(token))
}

/** Blocks stand at depth 0 only, and no block holds a brace outside of a string. */
function find(all) {
  for (let at = 0; at < all.length; at++) {
    if (all[at] === 'datasource' && all[at + 2] === '{') return all.slice(at + 3, all.indexOf('}', at))
    if (all[at] === '{') at = all.indexOf('}', at)
  }
  return null
}

function read(block) {
  const entries = new Map()
  block.forEach((token, at) => {
    if (block[at + 1] === '=') entries.set(token, value(block, at + 2))
  })
  return {
    keys: new Set(entries.keys()),
    provider: unquoted(entries.get('provider')?.[0] ?? ''),
    relationMode: unquoted(entries.get('relationMode')?.[0] ?? ''),
    extensions: extensions(entries.get('extensions') ?? []),
  }
}

function value(block, start) {
  const end = block.findIndex((token, at) => at > start && block[at + 1] === '=')
  return block.slice(start, end < 0 ? block.length : end)
}

/** `[postgis, vector(map: "pgvector", schema: "x")]`: the name in the database is `map` where there is one. */
function extensions(list) {
  const found = []
  let depth = 0
  list.forEach((token, at) => {
    if (token === '(') depth++
    else if (token === ')') depth--
    else if (depth === 0 && /^[A-Za-z_]/.test(token)) found.push(token)
    else if (depth === 1 && token.startsWith('"') && list[at - 2] === 'map') found[found.length - 1] = unquoted(token)
  })
  return found
}

function unquoted(token) {
  return token.startsWith('"') ? JSON.parse(token) : token
}
