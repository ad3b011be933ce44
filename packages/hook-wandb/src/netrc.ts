/**
 * The password that a `.netrc` file has for a machine.
 *
 * Source: https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html
 */
export function passwordOf(netrc: string, machine: string): string | undefined {
  const words = netrc.replace(/^\s*#.*$/gm, '').match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []
  let isIt = false
  for (const [at, word] of words.entries()) {
    const next = words[at + 1]
    if (word === 'machine' && words[at - 1] !== 'password') isIt = next === machine
    if (word === 'default') isIt = true
    if (word === 'password' && isIt && next !== undefined) return next.replace(/^"|"$/g, '')
  }
  return undefined
}
