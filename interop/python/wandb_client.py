"""Does what somebody does with the official client: `sync FOLDER`, or `resume PROJECT ID`, which adds a row."""

import os
import sys

url, key, home, command, *args = sys.argv[1:]
os.environ.update(
    WANDB_BASE_URL=url,
    WANDB_API_KEY=key,
    WANDB_ERROR_REPORTING="false",
    WANDB_SILENT="true",
    HOME=home,
)
os.chdir(home)

if command == "sync":
    from wandb.cli.cli import cli

    cli(["sync", *args])

if command == "resume":
    import wandb

    project, run_id = args
    with wandb.init(project=project, id=run_id, resume="must") as run:
        print(f"goes on at {run.step}")
        run.log({"trainer/step": 10_000})
