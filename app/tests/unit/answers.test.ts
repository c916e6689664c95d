/** Reads that overlap. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAnswers } from '../../src/chain/answers';

test('an answer that comes late does not replace one whose read began later', () => {
    const answers = createAnswers();
    const first = answers.begin('due');
    const second = answers.begin('due');
    second('nothing waits');
    first('ten grants wait');
    assert.equal(answers.get('due'), 'nothing waits');
    answers.begin('due')('one grant waits');
    assert.equal(answers.get('due'), 'one grant waits');
});

test('answers that come in order are taken one after another, each under its name', () => {
    const answers = createAnswers();
    const [clock, due] = [answers.begin('clock'), answers.begin('due')];
    clock(1n);
    due('ten');
    assert.equal(answers.get('clock'), 1n);
    assert.equal(answers.get('due'), 'ten');
    assert.equal(answers.get('nobody'), undefined);
});
