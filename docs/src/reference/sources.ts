import { parseSync } from 'oxc-parser'
import { read } from '../workspace.ts'

/** An event or a phase, as the catalogue's sources say it. */
export interface DocumentedEvent {
  /** One id, or the two of a phase. */
  readonly ids: readonly string[]
  /** The types of their contexts: one for all ids, or one for each. */
  readonly contexts: readonly string[]
  readonly text: string
}

export interface DocumentedContext {
  readonly name: string
  readonly text: string
  /** The contexts whose fields it has as well. */
  readonly extends: readonly string[]
  readonly fields: readonly { readonly code: string; readonly text: string }[]
}

const folder = 'packages/catalogue/src'

/** In the order of a run. */
const eventFiles = [
  'train-configuration',
  'train',
  'evaluate',
  'checkpoint',
  'inference-configuration',
  'inference',
  'metrics',
  'hook',
]

/** Every event of the catalogue, in the order in which it is written down. */
export function documentedEvents(): DocumentedEvent[] {
  return eventFiles.flatMap((name) => eventsIn(`${folder}/${name}.ts`))
}

function eventsIn(path: string): DocumentedEvent[] {
  const source = parsed(path)
  return source.body.flatMap((statement) => {
    if (statement.type !== 'ExportNamedDeclaration') return []
    if (statement.declaration?.type !== 'VariableDeclaration') return []
    const code = source.code(statement)
    const contexts = Array.from(code.matchAll(/\b(?:Event|Phase)<(\w+)>/g), ([, name]) => name ?? '')
    return [{ ids: idsIn(code), contexts, text: source.textBefore(statement) }]
  })
}

function idsIn(code: string): string[] {
  return Array.from(code.matchAll(/define(Event|Phase)\('([^']+)'/g)).flatMap(([, kind, id]) =>
    kind === 'Phase' ? [`${id}.pre`, `${id}.post`] : [id ?? ''],
  )
}

/** Every context, and what contexts are made of. */
export function documentedContexts(): DocumentedContext[] {
  return ['contexts', 'progress'].flatMap((name) => contextsIn(`${folder}/${name}.ts`))
}

function contextsIn(path: string): DocumentedContext[] {
  const source = parsed(path)
  return source.body.flatMap((statement) => {
    const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : undefined
    if (declared?.type !== 'TSInterfaceDeclaration') return []
    return [
      {
        name: declared.id.name,
        text: source.textBefore(statement),
        extends: declared.extends.map(({ expression }) => source.code(expression)),
        fields: declared.body.body.map((member) => ({
          code: source.code(member).replace('readonly ', ''),
          text: source.textBefore(member),
        })),
      },
    ]
  })
}

interface Range {
  readonly start: number
  readonly end: number
}

/** A source file, its statements, and the doc comment before any of its nodes. */
function parsed(path: string) {
  const text = read(path)
  const { program, comments } = parseSync(path, text)
  const code = ({ start, end }: Range): string => text.slice(start, end)
  const textBefore = ({ start }: Range): string => {
    const comment = comments.find(({ end }) => end <= start && text.slice(end, start).trim() === '')
    return comment?.type === 'Block' && comment.value.startsWith('*') ? plain(comment.value) : ''
  }
  return { body: program.body, code, textBefore }
}

/** A doc comment's text as Markdown, without its stars. */
function plain(comment: string): string {
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\*+ ?/, '').trimEnd())
    .join('\n')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .replaceAll(/^@throws (.*)$/gm, 'Throws $1')
    .trim()
}
