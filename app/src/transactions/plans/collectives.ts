/** Collectives: securities that others join on the same terms. */
import type { Address } from '@solana/kit';
import { formatAmount } from '../../amounts';
import { ataOf, collectiveOf, grantOf, memberOf, TOKEN_2022, vaultOf } from '../../chain/addresses';
import { grantsOfRecipient, type At, type Collective, type Security } from '../../chain/accounts';
import {
    capacityLeft,
    contributionOf,
    earliestJoin,
    roomFor,
    ruleSentences,
    type Membership,
    type NamedSecurity,
    type Rule,
} from '../../chain/collectives';
import {
    getAdmitInstruction,
    getApplyInstruction,
    getCreateCollectiveInstruction,
    getJoinInstruction,
    getRevokeAdmissionInstruction,
    getWithdrawApplicationInstruction,
} from '../../generated/instructions';
import { formatDuration, formatTime } from '../../time';
import type { Plan } from '../plan';
import { holderKeys, signerOf, tail } from './keys';
import { freeId } from './redemption';

const amount = ({ security, symbol }: NamedSecurity, atoms: bigint) => `${formatAmount(atoms, security.decimals)} ${symbol}`;

export async function createCollectivePlan(wallet: Address, upper: NamedSecurity, rule: Rule): Promise<Plan> {
    const { security, symbol } = upper;
    const signer = signerOf(wallet);
    const instruction = getCreateCollectiveInstruction({
        payer: signer,
        issuer: signer,
        security: security.address,
        collective: await collectiveOf(security.address),
        ...(await tail()),
        contributionBps: rule.contributionBps,
        shares: rule.sharesAtoms,
        cliffSeconds: rule.cliffSeconds,
        vestingSeconds: rule.vestingSeconds,
    });
    return {
        title: `Let others join ${symbol}`,
        notes: [
            `There is room for ${roomFor(security, rule.sharesAtoms)} members now: each takes a vault, and ${amount(upper, rule.sharesAtoms)} of the ${amount(upper, capacityLeft(security))} that can still be promised.`,
            'Nobody joins without your consent.',
        ],
        irreversible: [...ruleSentences(rule, upper), 'The rule never changes, so that all members join on equal terms.'],
        steps: [{ title: 'Fix the rule', instructions: [instruction] }],
    };
}

export async function applyPlan(wallet: Address, upper: NamedSecurity, rule: At<Collective>, lower: NamedSecurity): Promise<Plan> {
    const signer = signerOf(wallet);
    const instruction = getApplyInstruction({
        payer: signer,
        wallet: signer,
        security: upper.security.address,
        collective: rule.address,
        memberSecurity: lower.security.address,
        member: await memberOf(rule.address, lower.security.address),
        ...(await tail()),
    });
    return {
        title: `Apply to ${upper.symbol} with ${lower.symbol}`,
        notes: [
            'Nothing moves. You can take the application back until you join.',
            `It can join in ${formatDuration(upper.security.noticeSeconds)} at the earliest, if the issuer of ${upper.symbol} consents.`,
            `It then gives ${amount(lower, contributionOf(rule, lower.security))} and is granted ${amount(upper, rule.sharesAtoms)}.`,
        ],
        steps: [{ title: 'Apply', instructions: [instruction] }],
    };
}

export async function withdrawApplicationPlan(wallet: Address, { member, upper, lower }: Membership): Promise<Plan> {
    const instruction = getWithdrawApplicationInstruction({
        signer: signerOf(wallet),
        security: upper.security.address,
        collective: member.collective,
        memberSecurity: lower.security.address,
        member: member.address,
        rentPayer: member.rentPayer,
        ...(await tail()),
    });
    return {
        title: `Take the application of ${lower.symbol} to ${upper.symbol} back`,
        notes: [`Nothing has moved, and nothing will. The rent goes back to ${member.rentPayer}, who paid it.`],
        steps: [{ title: 'Take back', instructions: [instruction] }],
    };
}

export async function admitPlan(wallet: Address, { member, upper, lower }: Membership, expiresTs: bigint): Promise<Plan> {
    const instruction = getAdmitInstruction({
        issuer: signerOf(wallet),
        security: upper.security.address,
        collective: member.collective,
        member: member.address,
        ...(await tail()),
        wallet: member.wallet,
        contribution: member.contributionAtoms,
        appliedTs: member.appliedTs,
        expiresTs,
    });
    return {
        title: `Admit ${lower.symbol} to ${upper.symbol}`,
        notes: [
            `It can join from ${formatTime(earliestJoin(member, upper.security))} until ${formatTime(expiresTs)}. Until it does, you can take the consent back.`,
        ],
        irreversible: [
            `Once it joins, it gives ${amount(lower, member.contributionAtoms)}, and ${amount(upper, member.sharesAtoms)} are promised to ${member.wallet}.`,
        ],
        steps: [{ title: 'Admit', instructions: [instruction] }],
        mints: [lower.security.mint],
    };
}

export async function revokeAdmissionPlan(wallet: Address, { member, upper, lower }: Membership): Promise<Plan> {
    const instruction = getRevokeAdmissionInstruction({
        issuer: signerOf(wallet),
        security: upper.security.address,
        collective: member.collective,
        member: member.address,
        ...(await tail()),
    });
    return {
        title: `Take the consent to ${lower.symbol} back`,
        notes: [`It may not join ${upper.symbol} any more; its application stands.`],
        steps: [{ title: 'Take back', instructions: [instruction] }],
    };
}

/** The collective's vault for the member's shares: the program opens it if it is missing. */
async function vaultAccounts(upper: At<Security>, lower: At<Security>) {
    const vault = await vaultOf(upper.address, lower.mint);
    const { position: vaultPosition, registered: vaultRegistered } = await holderKeys(lower.address, vault);
    return { vault, vaultAccount: await ataOf(vault, lower.mint, TOKEN_2022), vaultPosition, vaultRegistered };
}

export async function joinPlan(wallet: Address, rule: Rule, { member, upper, lower }: Membership, now: bigint): Promise<Plan> {
    const signer = signerOf(wallet);
    const grantId = freeId((await grantsOfRecipient(wallet)).filter((grant) => grant.security === upper.security.address));
    const instruction = getJoinInstruction({
        payer: signer,
        wallet: signer,
        security: upper.security.address,
        collective: member.collective,
        memberSecurity: lower.security.address,
        member: member.address,
        memberMint: lower.security.mint,
        ...(await holderKeys(lower.security.address, wallet)),
        ...(await vaultAccounts(upper.security, lower.security)),
        grant: await grantOf(upper.security.address, wallet, grantId),
        ...(await tail()),
        grantId,
    });
    const [cliff, end] = [now + rule.cliffSeconds, now + rule.vestingSeconds];
    return {
        title: `Join ${upper.symbol} with ${lower.symbol}`,
        notes: [
            `You are granted ${amount(upper, member.sharesAtoms)}. ${
                rule.vestingSeconds === 0n
                    ? 'All of it vests at once.'
                    : `Nothing vests before ${formatTime(cliff)}, and all of it has at ${formatTime(end)}, counted from the moment it joins.`
            }`,
        ],
        irreversible: [
            `You give ${amount(lower, member.contributionAtoms)} to the holders of ${upper.symbol}, for good: they lie in its backing from then on.`,
            'A member stays a member.',
        ],
        steps: [{ title: 'Join', instructions: [instruction] }],
        done: { label: 'Look at your grant', href: `#/security/${upper.security.mint}/grants` },
    };
}
