import type { Command } from '../command.ts';
import { alertsCommand } from './alerts.ts';
import { collectorCommand } from './collector.ts';
import { doctorCommand } from './doctor/doctor.ts';
import { monitorsCommand } from './monitors.ts';
import { rulesCommand } from './rules.ts';
import { scaleCommand } from './scale.ts';
import { serverCommand } from './server.ts';
import { topCommand } from './top.ts';
import { upCommand } from './up.ts';
import { versionCommand } from './version.ts';

export const commands: readonly Command[] = [
  upCommand,
  serverCommand,
  collectorCommand,
  topCommand,
  doctorCommand,
  rulesCommand,
  alertsCommand,
  monitorsCommand,
  scaleCommand,
  versionCommand,
];
