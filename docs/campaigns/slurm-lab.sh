#!/bin/sh
#SBATCH --job-name=ringside-lab
#SBATCH --array=1-4
#SBATCH --cpus-per-task=4
# A Slurm array runs an experiment over 2000 seeds in 4 tasks:  sbatch slurm-lab.sh
# Each task does one shard and writes it to the folder from which the array was submitted.
# The folder must be one that all machines share. For more tasks, change both numbers 4.
# A task that failed is repeated alone:  sbatch --array=3 slurm-lab.sh
# When all tasks have ended, run in that folder:  ringside lab --merge lab-*.json
ringside lab balance --seeds 2000 \
  --shard "$SLURM_ARRAY_TASK_ID/4" \
  --out "lab-$SLURM_ARRAY_TASK_ID.json"
