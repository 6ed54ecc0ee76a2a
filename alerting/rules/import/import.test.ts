import { describe, expect, test } from 'vitest';
import { checkRules } from '../read/check.ts';
import { readPortal } from './portal.ts';
import { importPortal } from './to-rules.ts';

const options = { notify: null, timeZone: 'Asia/Shanghai' };

/** As GET /api/v1/template/ID answers, its spelling included. */
const answer = {
  action: { id: 9, uic: 'ops,dba', url: '', callback: 0 },
  parent_name: '',
  stratges: [
    {
      id: 1,
      metric: 'cpu.idle',
      tags: '',
      max_step: 3,
      priority: 1,
      func: 'all(#3)',
      op: '<',
      right_value: '5',
      note: 'cpu {hot}',
      run_begin: '',
      run_end: '',
      tpl_id: 221,
    },
    {
      id: 2,
      metric: 'orders.paid',
      tags: 'shop=eu,tier=1',
      max_step: 0,
      priority: 0,
      func: 'pdiff(#5)',
      op: '<',
      right_value: '-50',
      note: '',
      run_begin: '22:00',
      run_end: '06:29',
      tpl_id: 221,
    },
    {
      id: 3,
      metric: 'load.1min',
      tags: '',
      max_step: 3,
      priority: 2,
      func: 'lookup(#1)',
      op: '>',
      right_value: '5',
      note: '',
      run_begin: '',
      run_end: '',
      tpl_id: 221,
    },
  ],
  template: { id: 221, tpl_name: 'base', parent_id: 0, action_id: 9, create_user: 'root' },
};

const dump = `-- MySQL dump 10.13
CREATE TABLE \`tpl\` (
  \`id\` int(10) unsigned NOT NULL AUTO_INCREMENT,
  \`tpl_name\` varchar(255) NOT NULL DEFAULT '',
  \`parent_id\` int(10) unsigned NOT NULL DEFAULT '0',
  \`action_id\` int(10) unsigned NOT NULL DEFAULT '0',
  PRIMARY KEY (\`id\`)
) ENGINE=InnoDB;
INSERT INTO \`tpl\` VALUES (1,'base',0,0),(2,'it''s \\'web\\', (2)',1,0);
INSERT INTO \`strategy\` VALUES (7,'cpu.busy','',3,1,'all(#3)','>','80','busy; really, (yes)','','',1),(8,'cpu.busy','',3,1,'all(#3)','>','60','busy','00:00','24:00',2);
INSERT INTO \`grp\` VALUES (5,'cop.xiaomi_owt.miui_service.web','root','2016-01-01 00:00:00',1),(6,'old machines','root','2016-01-01 00:00:00',1);
INSERT INTO \`grp_tpl\` (\`grp_id\`,\`tpl_id\`,\`bind_user\`) VALUES (5,2,'root'),(6,1,NULL);
INSERT INTO \`expression\` VALUES (3,'each(metric=load.1min endpoint=db1)','all(#2)','>=','9',3,2,'db load',0,'root',0);
`;

describe('an import of an Open-Falcon portal', () => {
  test('from the JSON of its API is a rules file that is good as it is, with what is left to a person', () => {
    const { yaml, ruleCount, notes } = importPortal(readPortal(JSON.stringify([answer])), options);
    const checked = checkRules(yaml, 'imported.yaml');
    expect(checked.kind === 'invalid' ? checked.errors : []).toEqual([]);
    expect(ruleCount).toBe(2);
    const [template] = checked.kind === 'valid' ? checked.templates : [];
    expect(template?.rules).toMatchObject([
      {
        name: 'cpu {hot}',
        metric: 'cpu.idle',
        note: 'cpu (hot)',
        priority: 1,
        condition: { func: 'all', limit: 3, rightValue: 5 },
      },
      {
        name: 'orders.paid pdiff(#5) < -50',
        where: { tags: { shop: 'eu', tier: '1' } },
        maxStep: 0,
        hours: { timeZone: 'Asia/Shanghai', text: '22:00-06:30 Asia/Shanghai' },
      },
    ]);
    expect(notes).toEqual([
      'template "base" is bound to no host group in the input: write its nodes',
      'template "base" told ops, dba: name channels or teams under its notify',
      'strategy 3 is left out: lookup takes two numbers, not "#1"; write lookup(#2,3) for "at least 2 of the last 3 points"',
    ]);
  });

  test('from a dump of its database keeps parents, nodes and expressions', () => {
    const { yaml, templateCount, notes } = importPortal(readPortal(dump), options);
    const checked = checkRules(yaml, 'imported.yaml');
    expect(checked.kind === 'invalid' ? checked.errors : []).toEqual([]);
    expect(templateCount).toBe(2);
    expect(checked.kind === 'valid' && checked.templates).toMatchObject([
      { name: 'base', parent: null, nodes: [], rules: [{ name: 'busy; really, (yes)' }] },
      {
        name: "it's 'web', (2)",
        parent: 'base',
        nodes: [
          [
            { key: 'cop', value: 'xiaomi' },
            { key: 'owt', value: 'miui' },
            { key: 'service', value: 'web' },
          ],
        ],
        rules: [{ name: 'busy', hours: null }],
      },
    ]);
    expect(checked.kind === 'valid' && checked.rules).toMatchObject([
      {
        name: 'db load',
        metric: 'load.1min',
        where: { endpoint: 'db1' },
        condition: { operator: '>=', rightValue: 9 },
      },
    ]);
    expect(notes).toEqual(['template "base" is bound to host group "old machines": write the node that it stands for']);
  });

  test('of something else is refused with what to give', () => {
    expect(() => readPortal('hello')).toThrow('there is no template, strategy or expression in it');
    expect(() => readPortal('{"a": ')).toThrow('the file begins like JSON and is none');
  });
});
