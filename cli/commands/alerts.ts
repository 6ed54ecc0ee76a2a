import { deadLetters, resend, testChannel } from '../alerting/messages.ts';
import { liftSilence, listSilences, setSilence } from '../alerting/silences.ts';
import { serverFlagsHelp } from '../api-client.ts';
import { type Command, UsageError } from '../command.ts';

export const alertsCommand: Command = {
  name: 'alerts',
  summary: 'messages that were given up, tests of channels, silences',
  help: `Usage: saker alerts failed [flags]
       saker alerts resend NUMBER… | all [flags]
       saker alerts test CHANNEL [flags]
       saker alerts silences [flags]
       saker alerts silence --for TIME --reason TEXT [--rule NAME] [--endpoint NAME] [flags]
       saker alerts lift ID [flags]

failed    Lists messages that were given up, the newest first, with why.
resend    Puts them back into the outbox; they have another day to arrive in.
test      Sends a message through a channel and tells of each hop of its way. Exits with 1 when it did not arrive.
silences  Lists what keeps messages back.
silence   Keeps messages back for a time. Judging goes on, and one summary follows at the end.
lift      Ends a silence now.

Flags of silence:
  --for TIME             how long: 30m, 4h, 2d
  --reason TEXT          why, for the others
  --rule, --endpoint, --metric NAME   whose messages; * stands for any run of characters
  --kind KIND            silence, maintenance or mask (silence)
  --id ID                your own name for it: setting it again changes it
Flags of all:
${serverFlagsHelp}`,
  run: async (args, terminal) => {
    const [verb, ...rest] = args;
    switch (verb) {
      case 'failed':
        return deadLetters(rest, terminal);
      case 'resend':
        return resend(rest, terminal);
      case 'test':
        return testChannel(rest, terminal);
      case 'silences':
        return listSilences(rest, terminal);
      case 'silence':
        return setSilence(rest, terminal);
      case 'lift':
        return liftSilence(rest, terminal);
      default:
        throw new UsageError('saker alerts takes: failed, resend, test, silences, silence or lift');
    }
  },
};
