import {
  type DocumentedContext,
  type DocumentedEvent,
  documentedContexts,
  documentedEvents,
} from './sources.ts'
import { abortedRun, failedRun, shownOptions, stoppedRun, wholeInference, wholeRun } from './traces.ts'

/** The page of all events: what the sources say, and what really happens. */
export async function eventsPage(): Promise<string> {
  return [
    '# Events',
    '<!-- Made from packages/catalogue/src and from runs: npx vitest run --project docs reference -u -->',
    `Every event of a run, in order: as runs were recorded, then as each event is documented. An event's
path is its id: \`train.step.post\` is the export \`train.step.post\` of \`@hookstep/catalogue\`.`,
    await order(),
    ...sections(documentedEvents()),
    '## Contexts',
    'What a handler receives. Contexts are frozen. Each has `distributed`, and what the context that it extends has.',
    ...documentedContexts().map(contextSection),
  ]
    .join('\n\n')
    .concat('\n')
}

async function order(): Promise<string> {
  return `## The order of a run

Each line is an event and the step it belongs to (for \`train.epoch\`, the epoch). What happens between the two events of a phase
is indented. The options were
${hidden(imports)}
${fenced(`const options: TrainerOptions = ${shownOptions()}`, 'ts continues')}

so that an epoch has two steps, the second of a single microbatch.
${fenced(await wholeRun())}

A hook asks for a stop during step 1: what is due at the end still happens.
${fenced(await stoppedRun())}

A signal aborts during step 1: nothing else happens.
${fenced(await abortedRun())}

A handler throws during step 1.
${fenced(await failedRun())}

An inference of two batches. Outputs are delivered between the forward pass and the end of their step.
${fenced(await wholeInference())}`
}

const imports = `import { every } from '@hookstep/catalogue'
import { line, plainBackend } from '@hookstep/testing'
import type { TrainerOptions } from '@hookstep/trainer'`

/** For the compiler, not for readers. */
function hidden(text: string): string {
  return `\n<!--${fenced(text, 'ts')}\n-->`
}

function fenced(text: string, language = 'text'): string {
  return `\n\`\`\`${language}\n${text}\n\`\`\``
}

/** A heading for each group, such as `train.configuration`, where the group begins. */
function sections(events: readonly DocumentedEvent[]): string[] {
  return events.flatMap((event, at) => {
    const [group, before] = [groupOf(event), events[at - 1]]
    const begins = before === undefined || groupOf(before) !== group
    return begins ? [`## ${group}`, eventSection(event)] : [eventSection(event)]
  })
}

function groupOf({ ids: [id = ''] }: DocumentedEvent): string {
  return id
    .split('.')
    .slice(0, id.includes('.configuration.') ? 2 : 1)
    .join('.')
}

function eventSection({ ids, contexts, text }: DocumentedEvent): string {
  const names = ids.map((id) => `\`${id}\``).join(', ')
  const links = [...new Set(contexts)].map((name) => `[${name}](#${name.toLowerCase()})`)
  const context =
    links.length === 1 ? links[0] : links.map((link, at) => `${edge(ids[at])}: ${link}`).join(', ')
  return `### ${names}\n\n${text}\n\nContext: ${context}`
}

function edge(id: string | undefined): string {
  return `\`${id?.split('.').at(-1)}\``
}

function contextSection({ name, text, extends: parents, fields }: DocumentedContext): string {
  const links = parents.map((parent) => `[${parent}](#${parent.toLowerCase()})`)
  const heading = `### ${name}\n\n${[text, links.length > 0 ? `Extends ${links.join(', ')}.` : ''].filter(Boolean).join('\n\n')}`
  return [heading.trim(), fields.map(fieldLine).join('\n')].filter(Boolean).join('\n\n')
}

function fieldLine({ code, text }: DocumentedContext['fields'][number]): string {
  return `- \`${oneLine(code)}\`${text === '' ? '' : `: ${oneLine(text)}`}`
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ')
}
