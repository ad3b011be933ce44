/** What `--help` prints. */
export const help = `Sends runs of W&B from their logs.

npx @hookstep/hook-wandb sync [DIR…] [flags]   sends what the server lacks, and nothing twice
npx @hookstep/hook-wandb list [DIR…] [--json]  tells which runs there are, and which may be unsent

  --json             as JSON, for programs
  --timeout SECONDS  how long a request may fail, retries included, before its run is given up (default: 60)
  --skip-lost        sends a log whose run lacks earlier rows, where the folder with those is lost
  -h, --help         this

DIR is the folder of a run, with run-ID.wandb in it, or a folder with such folders below it, at most 4 levels (default:
WANDB_DIR, else the working directory). WANDB_BASE_URL and WANDB_API_KEY, or ~/.netrc, say where runs are sent.
It can be interrupted at any moment, and begun anew.
It exits with 0 when all is sent or listed, 1 when something could not be sent or read, 2 when it is not understood.`
