/** What `--help` prints. */
export const help = `Shows the runs whose journals are named, on a page in the browser, side by side.

npx @hookstep/hook-metrics view FILE... [flags]

  view FILE...     journals, or folders that hold a journal.jsonl; those that still grow are followed
  -p, --port N     of 127.0.0.1 (default: 6070, or the next that is free)
  -h, --help       this

The page is for this machine alone, until Ctrl-C. It exits with 0 when all is well, 1 when a file cannot be read or
the port is taken, 2 when the command is not understood.`
