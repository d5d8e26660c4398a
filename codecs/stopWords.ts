/**
 * Lists of words for `drop-words`, in lower case with a straight apostrophe.
 *
 * Source of the stop words: English function words, that is, the members of the closed word classes as grammars of
 * English list them, class by class below.
 *
 * Left out on purpose, because a sentence without them states another fact:
 * - negations (no, not, n't, never, none, nor, neither, cannot, without, unless …);
 * - quantifiers and numerals (all, some, few, most, both, one …);
 * - homographs of names and of content words (may, will, might, us, am, mine, like, round …).
 */
export const ARTICLES: readonly string[] = ["a", "an", "the"];

const DEMONSTRATIVES = ["this", "that", "these", "those"];

const PRONOUNS = [
  ..."i me my myself we our ours ourselves you your yours yourself yourselves".split(" "),
  ..."he him his himself she her hers herself it its itself they them their theirs themselves".split(" "),
];

const INTERROGATIVES_AND_RELATIVES = [
  ..."who whom whose which what when where why how".split(" "),
  ..."whoever whichever whatever whenever wherever".split(" "),
];

const AUXILIARIES = [
  ..."is are was were be been being have has had having do does did doing".split(" "),
  ..."can could shall should would must ought".split(" "),
];

/** Contracted with a pronoun or the like; the negated ones (isn't, won't …) are not here. */
const CONTRACTED_AUXILIARIES = [
  ..."i'm i've i'd i'll you're you've you'd you'll we're we've we'd we'll".split(" "),
  ..."he's he'd he'll she's she'd she'll it's it'd it'll they're they've they'd they'll".split(" "),
  ..."that's there's here's what's who's where's how's".split(" "),
];

const PREPOSITIONS = [
  ..."about above across after against along among around at before behind below beneath beside between".split(" "),
  ..."beyond by despite down during for from in inside into near of off on onto out outside over per".split(" "),
  ..."through throughout to toward towards under until up upon via with within".split(" "),
];

const CONJUNCTIONS = "and but or so yet if because since although though while whereas whether than as".split(" ");

/** Existential and other adverbs that only hold a clause together. */
const PARTICLES = "there here then thus hence therefore".split(" ");

export const STOP_WORDS: readonly string[] = [
  ...ARTICLES,
  ...DEMONSTRATIVES,
  ...PRONOUNS,
  ...INTERROGATIVES_AND_RELATIVES,
  ...AUXILIARIES,
  ...CONTRACTED_AUXILIARIES,
  ...PREPOSITIONS,
  ...CONJUNCTIONS,
  ...PARTICLES,
];
