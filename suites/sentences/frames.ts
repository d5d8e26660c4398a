/**
 * Sentence patterns by semantic frame, written for this project.
 *
 *   {category}     a word of lexicon.ts; the same category twice gives two words
 *   {category.s}   its plural
 *   {number} {year} {clock} {price} {percent}   made up on the spot
 *   [a|b|]         one of these, nested as need be
 *
 * "a" becomes "an" where the next word asks for it, and a sentence gets its capital.
 */
import { HELD_OUT_FRAMES } from "./heldOutFrames.ts";
import type { Portion } from "./lexicon.ts";
import { REPORTING_FRAMES } from "./reportingFrames.ts";

export type Frames = Readonly<Record<string, readonly string[]>>;

const TRAINING_FRAMES: Frames = {
  repair: [
    "[nobody but|only|even] the {trade} [|once] {handled} a {quality} {tool} [like this one|of that size|made of {material}]",
    "{name} {handled} the {quality} {tool} [with a piece of {material}|{manner}|without anybody's help] and put it back in the {room}",
    "the {tool} that {name} {handled} {when} had a handle of {quality} {material}",
    "[to mend|before anyone can mend|in order to replace] a {quality} {furniture}, a {trade} needs [{material}|a {tool}] and [a {tool}|plenty of time|good light]",
    "{name} {made} a {furniture} out of {material}[, which took {small} months| and gave it to a {relative}|]",
    "the {furniture} in the {room} is {quality}, so a {trade} is coming to look at it [on {weekday}|at {clock}]",
  ],
  home: [
    "there [is|was|has always been] a {quality} {furniture} [between|behind|right next to] the {colour} {furniture} [and the window|and the door] in our {room}",
    "{name} [keeps|stores|hides] {goods} and {small} {tool.s} in the {room}",
    "[my|her|his|their] {relative} {handled} the {furniture} [{where}|{manner}] while the rest of the family [slept|argued|watched television|waited in the {room}]",
    "the walls of the {room} are {colour}, and the {furniture} is made of {material}",
    "please [put|leave|store] the {quality} {goods} in the {room}, not on the {furniture}",
    "we are going to paint the {room} {colour} and give away the {quality} {furniture}",
    "whose {garment} [is|was] that, hanging over the {furniture} in the {room}?",
  ],
  cooking: [
    "{name} [cooked|ate|served|ordered|tasted] {food} [with|and then|followed by] {food} [at the {event}|on {weekday} night|{when}|]",
    "this recipe for {food} takes {small} minutes and a cup of {drink}",
    "a {trade} from {town} taught {name} how to make {food} [without salt|over an open fire|from leftovers]",
    "the {food} was [too hot|far too salty|almost cold|burnt black|surprisingly good], but the {drink} was [excellent|worse|free of charge]",
    "would you rather have {food} or {food} with your {drink}?",
    "children under {small} [rarely|seldom|never seem to] like {food}, whatever the {relative} says",
    "stir the {food} {manner}, add a spoonful of {food}, and serve it with {drink}",
  ],
  travel: [
    "{name} {travelled} from {town} to {town} [by {vehicle}|in {small} days|through the {landscape}][, carrying nothing but a {garment}|]",
    "the {vehicle} to {town} [leaves|departs|sets off] [at {clock}|every {small} minutes|only on {weekday.s}], [weather permitting|unless there is {sky}|from the {building}]",
    "a {quality} {vehicle} was [parked|abandoned|waiting] [outside|opposite|behind] the {building} in {town}",
    "how long does it take to get from the {building} to {town} by {vehicle}?",
    "after {small} hours in a {vehicle}, {name} was {mood} and [wanted nothing but {drink}|fell asleep at once|refused to go on]",
    "there has been no {vehicle} between {town} and {town} since {year}",
    "the {relative} {travelled} {manner} along the {landscape}, [looking for a lost {animal}|with a map of {town}|{small} miles from the nearest {building}]",
  ],
  weather: [
    "[heavy|sudden|light|unexpected] {sky} is [expected|forecast|likely] in the {region} [on {weekday}|by {clock}|throughout {month}], with {small} degrees in {town}",
    "the {sky} lasted {small} days and [closed|flooded|damaged] the {building} in {town}",
    "{month} was [warmer|colder|drier|wetter] than {month}, [and the {landscape} turned {colour}|according to the {building} in {town}]",
    "because of the {sky}, the {event} was moved [to {weekday}|into the {building}|from {month} to {month}]",
    "there was not a single day of {sky} in {town} between {month} and {month}",
    "if the {sky} keeps up, nobody will be able to reach the {landscape} before {weekday}",
    "in {season} the {region} of the country gets more {sky} than {sky}",
  ],
  science: [
    "{substance} [reacts|combines|does not mix] with {substance} [at {number} degrees|under high pressure|in the presence of light]",
    "researchers in {town} used a {apparatus} to [measure|detect|study] {substance} in {drink}",
    "a sample of {substance} [turned {colour}|gave off {small} grams of {substance}|caught fire] when it was heated",
    "the {apparatus} costs {price} and can only be operated by a trained {trade}",
    "contrary to what the textbook says, {substance} is [heavier|lighter|less common|more poisonous] than {substance}",
    "why does {material} [float|expand|crack|rust] when there is {substance} in the water?",
    "{percent} of the {substance} in the {landscape} comes from {animal.s} and {plant.s}",
    "the experiment failed because somebody in the {building} had used a {quality} {apparatus}",
  ],
  animals: [
    "a {quality} old {animal} [lives|sleeps|has made its home] in the {landscape} near {town}",
    "{animal.s} [feed on|are afraid of|compete with|hunt] {animal.s} [in {season}|at night|in the {landscape}|]",
    "the {animal} [ran|jumped|crept|flew] {manner} past the {plant} and [disappeared|vanished into the {landscape}|stopped outside the {building}]",
    "{small} {animal.s} and a {animal} were seen in the {landscape} {when}",
    "unlike the {animal}, the {animal} sleeps through most of the {season}",
    "{name} feeds the {colour} {animal} with {food}, although the vet has forbidden it",
    "have you ever seen a {animal} that was {mood} because of a {animal}?",
    "no {animal} has been born in captivity in {town} since {year}",
  ],
  trade: [
    "{name} sells {goods} and {quality} {goods} at a stall [outside the {building}|in {town}|every {weekday}]",
    "the price of {material} [rose|fell] by {percent} [in {month}|since {year}|within {small} weeks]",
    "{goods} from {town} are [cheaper|dearer|better made|harder to find] than those from the {region}",
    "a {trade} in {town} paid {price} for {small} boxes of {goods}",
    "[does|will|would] the {building} accept a cheque for {price}, or only cash?",
    "the firm exports {goods} to {number} countries and imports nothing but {material}",
    "not one of the customers [wanted|asked for|paid for] the {quality} {goods}",
  ],
  numbers: [
    "{number} people live in {town}, {small} of them in the old {building}",
    "the {landscape} is {number} {unit} [long|across|from end to end], [about {small} times as much as people think|which is a record]",
    "only {percent} of the {trade.s} in the {region} own a {vehicle}",
    "{name} counted {number} {animal.s} and exactly {small} {plant.s} [in {month}|within the hour]",
    "the {vehicle} weighs {number} {unit} [when empty|with a full tank|without its load of {goods}]",
    "{small} out of {number} {goods} made in {town} are {quality}",
    "between {year} and {year} the {building} was closed {small} times",
  ],
  work: [
    "{name} has worked as a {trade} [since {year}|for {small} years|in {town} all along] and is never {mood}",
    "the {trade} [hired|dismissed|promoted|trained] {small} apprentices, [among them {name}|one of whom became a {trade}]",
    "every {trade} in the {building} [wears|has to wear|hates] a {colour} {garment}",
    "to become a {trade} you need {small} years of {subject} and a {document}",
    "the {trade} and the {trade} share a {vehicle} and a {room} in the {building}",
    "is there a {trade} in {town} who works on {weekday.s}?",
    "{name} gave up {subject} to work for a {trade} who makes {goods}",
  ],
  learning: [
    "{name} [studies|teaches|failed|gave up|is good at] {subject} at the {building} in {town}",
    "[knowing|without] {subject}, nobody can [understand|translate|improve] this {document}",
    "the course in {subject} [lasts|takes] {small} weeks and costs {price}",
    "{subject} is [easier|more useful|older] than {subject}, or so the {official} {believed}",
    "the pupils learned {subject} from a {quality} {document} [written in {year}|found in the {room}]",
    "which of you has already read the {document} on {subject}?",
  ],
  family: [
    "{name}'s {relative} is {small} years [older|younger] than {name}'s {relative}",
    "my {relative} is {mood} about the {event} and [keeps talking about it|refuses to say why|has bought a {garment}]",
    "the {relative} and the {relative} have not spoken since the {event} in {year}",
    "{name} inherited {small} {goods} and a {quality} {furniture} from a {relative}",
    "no {relative} of mine would ever wear a {colour} {garment} to a {event}",
    "when {name} was {small}, the family moved from {town} to a {building} by the {landscape}",
    "did your {relative} really marry a {trade} from {town}?",
  ],
  feelings: [
    "{name} was {mood} [when|because] the {relative} {handled} the {document}",
    "the {trade} felt [less {mood} than {mood}|both {mood} and {mood}] [after the {event}|about the {animal}|on {weekday}]",
    "nothing makes a {trade} more {mood} than a {quality} {tool}",
    "it is [hard|impossible|easy] to be {mood} [with a {illness}|while eating {food}|at a {event}]",
    "are you {mood}, or are you merely {mood}?",
    "{name} smiled {manner}, but everybody could see that the {relative} was {mood}",
  ],
  clothes: [
    "{name} wore a {colour} {garment} and a {quality} {garment} [to the {event}|in the {sky}|under a {garment}]",
    "the {garment} was [torn|washed|lost|ironed] {when} and smells of {drink}",
    "a {garment} made of {material} keeps out the {sky} better than one of {material}",
    "someone has left a {quality} {garment} and {small} {goods} in the {vehicle}",
    "this {garment} [shrinks|fades] if you wash it [at {number} degrees|with a {colour} {garment}]",
    "did the {trade} ask for a {colour} {garment} or a {colour} one?",
  ],
  buildings: [
    "the {quality} {building} [by the {landscape}|in {town}|on the corner] was [built|sold|closed|pulled down] in {year}",
    "they are turning the {building} into a {building} [with {small} floors|for {price}|, much to the {official}'s annoyance]",
    "behind the {building} there is a {landscape} where {animal.s} [graze|nest|drown|sleep]",
    "neither the {building} nor the {building} has a {room}",
    "visitors to the {building} must not touch the {furniture} or photograph the {trade.s}",
    "whoever climbs the tower of the {building} can see the {landscape} and [the {building}|half of {town}]",
  ],
  history: [
    "in {year} the {official} of {town} [banned|taxed|allowed] {goods} [throughout the {region}|for {small} years|]",
    "the {document} of {year} was signed in a {building} near {town} by {small} {official.s}",
    "before the {building} was built, a {landscape} covered the whole {region} of {town}",
    "legend has it that a {trade} [buried|lost|found] {number} pieces of {material} in the {landscape}",
    "until {year} no {trade} was allowed to own a {animal} or a {vehicle}",
    "the people of {town} once lived on {food} and {food}, {season} after {season}",
  ],
  landscape: [
    "beyond the {landscape} lies a {landscape} [of {number} {unit}|full of {plant.s}|that no map shows]",
    "the {landscape} [froze|dried out|flooded|caught fire] in {month} {year}, [and the {animal.s} left|for the first time in {small} years]",
    "a path of {material} leads {manner} through the {landscape} to a {building}",
    "{plant.s} [grow|do not grow|flower] [in the {landscape}|at {number} metres|where there is {substance} in the soil]",
    "{small} {trade.s} are mapping the {landscape} with a {apparatus}",
    "who [owns|looks after|discovered] the {landscape} in the {region}?",
  ],
  accidents: [
    "a {vehicle} [hit|ran over|narrowly missed] a {animal} [near {town}|outside the {building}|in the {sky}] on {weekday}",
    "{name} fell off a {vehicle} and [dropped|broke] {small} {goods}",
    "the fire in the {building} [started|broke out] in the {room} at {clock} and destroyed {goods} worth {price}",
    "nobody was hurt when the {quality} {vehicle} [sank|overturned|lost a wheel] in the {landscape}",
    "the {trade} cut a finger on a piece of {material} while [opening a {furniture}|using a {tool}]",
    "without the {trade}, the {animal} would have drowned in the {landscape}",
  ],
  plans: [
    "{name} [is going to|plans to|hopes to|has decided not to] [visit {town}|study {subject}|buy a {vehicle}|become a {trade}] [in {month}|next {season}|before {year} is over|]",
    "we will [meet|have {drink}|look at the {document}] in the {room} at {clock} on {weekday}",
    "if the {vehicle} is late, we shall miss the {event} and be {mood}",
    "the {building} will be closed [from {month} to {month}|for {small} weeks], so bring your own {goods}",
    "unless somebody finds the {document}, the {event} cannot take place in {town}",
    "shall we go to the {building} by {vehicle} or simply stay {where} with some {drink}?",
    "the {official} intends to spend {price} on {goods} for the {building}",
  ],
  orders: [
    "[do not|never|you must not] [touch|move|open] the {furniture} [with a {tool}|while the {apparatus} is on|before {clock}]",
    "take the {document} to the {official} in the {building}, {manner} and without [delay|a word]",
    "[remember|do not forget] to [feed the {animal}|water the {plant}|lock the {room}|return the {tool}] before you [leave|go to bed]",
    "fill a {furniture} with {drink}, then add {small} drops of {substance}",
    "wear a {garment} if you go [to the {landscape}|out in the {sky}|into the {building}]",
    "let the {trade} use your {tool}, and ask for {price} in return",
  ],
};

/** The frames that sentences of `portion` are made from; training and held-out sentences share none. */
export function framesFor(portion: Portion): Frames {
  return portion === "held-out" ? HELD_OUT_FRAMES : { ...TRAINING_FRAMES, ...REPORTING_FRAMES };
}
