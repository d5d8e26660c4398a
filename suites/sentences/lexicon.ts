/**
 * The words of the training sentences, by what may stand in a place: written for this project. In each open category
 * every sixth word, from the sixth on, is reserved for held-out sentences (see wordsFor).
 */
const list = (text: string): readonly string[] => text.trim().split(/\s*,\s*/);

/** Categories of which a part is held out. */
const OPEN = {
  name: list(`Abena, Adela, Alaric, Amadou, Anneke, Arjun, Asha, Bastian, Beatrix, Bilal, Bronwen, Callum, Camille,
    Chidi, Dalia, Damaris, Dmitri, Edwin, Elspeth, Emeka, Farida, Fergus, Gideon, Greta, Hamish, Hanneke, Hiro, Ines,
    Imran, Jocasta, Kalpana, Kenji, Lakshmi, Leopold, Lorcan, Lucinda, Mairi, Malik, Mei, Nadia, Ngozi, Oisin, Oriana,
    Pascal, Petra, Priya, Quentin, Rafaela, Rashid, Renske, Rosalind, Samir, Saskia, Sunniva, Tadeo, Thandiwe, Tobias,
    Ulrike, Vikram, Wilhelmina, Xiomara, Yusuf, Zainab`),
  town: list(`Ashmere, Balcombe, Carrowdale, Dunvale, Eskerton, Farnholt, Glenarrow, Hartwick, Inverlade, Kelsey Cross,
    Lowmarsh, Marrowby, Norwell, Oakhurst, Penrow, Quarley, Ravensend, Stonebeck, Thornaby, Underhill, Velstad,
    Westering, Yarrowford, Zellerau, Caldoria, Portalba, San Teodoro, Mirabel, Novgrad, Kitsune Bay`),
  trade: list(`carpenter, plumber, surveyor, midwife, archivist, beekeeper, blacksmith, bookbinder, bricklayer, butcher,
    cartographer, chemist, cobbler, dentist, electrician, farrier, florist, gardener, geologist, glazier, grocer,
    jeweller, joiner, librarian, locksmith, mechanic, miller, milliner, nurse, optician, paramedic, pharmacist,
    photographer, pilot, plasterer, potter, printer, roofer, saddler, shepherd, stonemason, tailor, translator,
    upholsterer, vet, watchmaker, weaver, welder`),
  official: list(`mayor, magistrate, minister, inspector, ambassador, councillor, auditor, coroner, registrar, senator,
    commissioner, headteacher, judge, governor, ombudsman, treasurer, diplomat, constable, bishop, curator, regent,
    arbitrator, prosecutor, spokeswoman`),
  relative: list(`aunt, brother, cousin, daughter, father, grandmother, husband, mother, nephew, niece, sister, son,
    stepmother, twin, uncle, wife, godson, neighbour, flatmate, colleague, best friend, landlady, tenant, apprentice`),
  building:
    list(`abbey, airport, aquarium, arcade, bakery, bank, barn, barracks, boathouse, brewery, bus depot, cannery,
    castle, cathedral, cinema, clinic, courthouse, dairy, embassy, factory, fire station, foundry, gallery, garage,
    granary, greenhouse, gymnasium, hospital, hostel, hotel, laboratory, laundry, lighthouse, mosque, museum, nursery,
    observatory, palace, pharmacy, planetarium, post office, power station, prison, pub, restaurant, sawmill, school,
    stable, stadium, studio, supermarket, synagogue, temple, theatre, town hall, university, warehouse, winery`),
  room: list(`attic, balcony, basement, bathroom, bedroom, cellar, cloakroom, conservatory, corridor, dining room, hallway,
    kitchen, larder, living room, lobby, loft, nursery, office, pantry, playroom, porch, scullery, spare room, staircase,
    storeroom, study, utility room, waiting room`),
  furniture: list(`armchair, bookshelf, bunk bed, cabinet, carpet, chandelier, chest of drawers, clock, cradle, curtain,
    desk, doormat, dressing table, fireplace, footstool, fridge, hammock, lamp, mattress, mirror, oven, piano stool,
    radiator, rocking chair, rug, sideboard, sink, sofa, stove, teapot, trunk, wardrobe, washing machine, wastebasket`),
  tool: list(`anvil, axe, pair of bellows, bucket, chisel, clamp, compass, crowbar, drill, funnel, grindstone, hacksaw, hammer,
    hoe, jigsaw, ladder, lathe, mallet, paintbrush, pickaxe, pair of pliers, plumb line, pulley, rake, sander, screwdriver,
    scythe, sewing machine, shovel, sickle, soldering iron, spanner, spirit level, tape measure, trowel, pair of tweezers,
    vice, wheelbarrow, whetstone, wrench`),
  material:
    list(`aluminium, asphalt, bamboo, brass, brick, bronze, canvas, cardboard, cement, ceramic, chalk, clay, cork,
    cotton, felt, fibreglass, flint, glass, granite, gravel, iron, ivory, lead, leather, linen, marble, oak, plaster,
    plastic, plywood, porcelain, rubber, sandstone, silk, silver, slate, steel, tin, velvet, wax, wool, zinc`),
  substance: list(`acetone, ammonia, argon, caffeine, calcium, carbon dioxide, chlorine, copper sulphate, ethanol,
    gallium, glucose, glycerine, graphite, helium, hydrogen, insulin, iodine, keratin, lithium, magnesium, mercury,
    methane, nitrogen, oxygen, ozone, phosphorus, potassium, salt water, sodium, starch, sulphur, titanium, uranium,
    vinegar`),
  apparatus: list(`barometer, burette, centrifuge, condenser, electron microscope, furnace, Geiger counter, incubator,
    laser, magnetometer, mass spectrometer, oscilloscope, particle detector, petri dish, pipette, pressure gauge, prism,
    radio telescope, seismograph, spectrometer, test tube, thermometer, vacuum pump, weather balloon`),
  animal: list(`badger, bat, bear, bison, buffalo, camel, cat, cheetah, chicken, cormorant, cow, crab, crocodile, crow,
    deer, dog, dolphin, donkey, duck, eagle, eel, elephant, ferret, frog, gecko, giraffe, goat, goose, hamster, hare,
    hedgehog, heron, horse, jackal, kangaroo, kingfisher, leopard, lizard, llama, lynx, magpie, mole, monkey, moose,
    mouse, octopus, otter, owl, parrot, penguin, pig, pigeon, rabbit, raven, seal, shark, sheep, snake, squirrel, swan,
    tiger, tortoise, turkey, vulture, walrus, weasel, whale, wolf, zebra`),
  plant: list(`acacia, apple tree, bamboo, beech, birch, blackberry, bluebell, cactus, cedar, chestnut, clover, cypress,
    daffodil, dandelion, elm, fern, fig tree, foxglove, geranium, hawthorn, hazel, heather, holly, hyacinth, ivy,
    jasmine, juniper, lavender, lilac, lily, maple, mistletoe, moss, nettle, oak, olive tree, orchid, pear tree, pine,
    poppy, primrose, rosebush, sunflower, sycamore, thistle, tulip, vine, violet, willow, yew`),
  food: list(`almond cake, apricot jam, bean stew, beetroot salad, black bread, blue cheese, broth, buckwheat pancakes,
    cabbage soup, candied ginger, caramel, carrot soup, cauliflower, chickpea curry, chocolate, coconut rice, couscous,
    crispy noodles, custard, dark chocolate, dumplings, falafel, fish pie, flatbread, fried plantain, garlic bread,
    gingerbread, goulash, grilled aubergine, herring, honey, hummus, kimchi, lamb stew, leek tart, lentils, liquorice,
    mango chutney, marmalade, meatballs, mushroom risotto, olives, omelette, onion gravy, paella, peanut butter, pickles,
    pizza, plum dumplings, porridge, pumpkin pie, ramen, rhubarb crumble, roast chicken, rye bread, sauerkraut,
    scrambled eggs, smoked trout, spinach pasta, sushi, tofu, tomato sauce, trifle, walnut bread, yoghurt`),
  drink: list(`apple juice, beer, buttermilk, camomile tea, champagne, cider, cocoa, cordial, espresso, ginger ale,
    green tea, lemonade, lukewarm milk, mineral water, mulled wine, peppermint tea, red wine, rum, tap water, whisky`),
  vehicle: list(`ambulance, barge, bicycle, bulldozer, bus, canoe, caravan, cargo ship, coach, cable car, convoy, ferry,
    fire engine, glider, helicopter, hot-air balloon, kayak, limousine, lorry, milk float, minibus, moped, motorbike,
    pickup truck, raft, rickshaw, rowing boat, sailing boat, scooter, sledge, snowplough, speedboat, steam train,
    submarine, tanker, taxi, tractor, tram, trawler, tugboat, van`),
  garment:
    list(`anorak, apron, blazer, blouse, bonnet, bow tie, cape, cardigan, dressing gown, pair of dungarees, evening dress,
    fleece, pair of gloves, pair of hiking boots, jumper, kilt, kimono, pair of mittens, pair of overalls, overcoat, pair of pyjamas, raincoat, pair of sandals, sari,
    scarf, shawl, skirt, pair of slippers, straw hat, suit, sunhat, sweatshirt, tracksuit, turban, tweed jacket, uniform,
    veil, waistcoat, pair of wellingtons, woollen hat`),
  instrument:
    list(`accordion, set of bagpipes, banjo, bassoon, bugle, clarinet, cornet, double bass, drum kit, dulcimer, euphonium,
    fiddle, flute, French horn, glockenspiel, guitar, harmonica, harp, harpsichord, lute, mandolin, marimba, oboe,
    organ, piccolo, recorder, saxophone, sitar, tambourine, trombone, trumpet, tuba, ukulele, viola, violin, xylophone`),
  sport: list(`archery, badminton, baseball, basketball, billiards, bowls, boxing, chess, cricket, croquet, curling,
    cycling, darts, fencing, figure skating, football, golf, gymnastics, handball, hockey, judo, lacrosse, netball,
    orienteering, polo, rowing, rugby, sailing, ski jumping, snooker, squash, swimming, table tennis, tennis,
    trampolining, volleyball, water polo, weightlifting, wrestling`),
  goods: list(`antique maps, batteries, beads, bicycles, blankets, calendars, candles, car tyres, carpets, cooking pots,
    hairbrushes, earrings, sacks of flour, bundles of firewood, fishing nets, fountain pens, garden chairs, sacks of grain, headphones, keyrings,
    knives, light bulbs, mobile phones, notebooks, tins of paint, bottles of perfume, picture frames, postcards, clay pots, prams, printers,
    puzzles, saucepans, seeds, shoelaces, shoes, bars of soap, solar panels, jars of spice, sunglasses, tea towels, tents, planks,
    toothbrushes, towels, toys, umbrellas, vacuum cleaners, vases, watches, rolls of wallpaper, window boxes`),
  document: list(`affidavit, agenda, application form, birth certificate, blueprint, brochure, census return, contract,
    cookbook, crossword, deed, diary, dictionary, diploma, essay, guidebook, hymn book, insurance policy, invoice,
    last will, lease, ledger, letter, logbook, manuscript, map, memoir, newspaper, novel, passport, petition, poem,
    postcard, prescription, receipt, report, sheet of music, shopping list, telegram, textbook, thesis, timetable,
    train ticket, treaty, warrant`),
  subject: list(`algebra, ancient Greek, archaeology, astronomy, book-keeping, botany, calligraphy, chemistry,
    classical dance, computer science, cookery, drama, economics, engineering, epidemiology, first aid, geography,
    geometry, grammar, history of art, knitting, law, linguistics, marine biology, medicine, meteorology, navigation,
    nutrition, painting, philosophy, physics, poetry, politics, pottery, programming, psychology, sign language,
    sociology, statistics, theology, town planning, woodwork, zoology`),
  quality:
    list(`ancient, battered, beautiful, bent, brittle, broken, cheap, clumsy, comfortable, cracked, crooked, curious,
    dented, dusty, elegant, empty, enormous, expensive, faded, fake, famous, fragile, gigantic, gleaming, greasy,
    handmade, heavy, hollow, ill-fitting, imported, leaky, lopsided, magnificent, mouldy, muddy, narrow, ornate,
    peculiar, plain, polished, portable, priceless, rare, rickety, rusty, scratched, shabby, slippery, solid, spare,
    splendid, sticky, stolen, sturdy, tattered, tiny, ugly, unfinished, useless, valuable, worn-out`),
  mood: list(`afraid, amused, angry, anxious, ashamed, astonished, bored, calm, cautious, cheerful, confident, confused,
    curious, delighted, disappointed, eager, embarrassed, envious, exhausted, furious, grateful, grumpy, guilty, happy,
    homesick, hopeful, impatient, indifferent, jealous, lonely, miserable, nervous, nostalgic, optimistic, patient,
    pleased, proud, relieved, restless, sad, sceptical, shy, sleepy, stubborn, surprised, suspicious, tired, worried`),
  manner: list(`abruptly, anxiously, awkwardly, bravely, briskly, calmly, carefully, carelessly, cheerfully, clumsily,
    cunningly, deliberately, discreetly, eagerly, effortlessly, faithfully, fiercely, gently, gladly, gracefully,
    greedily, hastily, honestly, hurriedly, impatiently, loudly, meticulously, nervously, noisily, patiently, politely,
    proudly, quietly, recklessly, reluctantly, secretly, silently, sleepily, slowly, solemnly, stubbornly, suddenly,
    swiftly, tenderly, thoroughly, wearily, wisely`),
  landscape:
    list(`archipelago, bay, beach, bog, canyon, cave, cliff, coast, coral reef, creek, delta, desert, dune, estuary,
    field, fjord, foothills, forest, geyser, glacier, gorge, headland, heath, island, jungle, lagoon, lake, marsh,
    meadow, moor, mountain pass, oasis, orchard, peninsula, plain, plateau, pond, prairie, quarry, rapids, ravine, ridge,
    river, sandbank, savannah, spring, steppe, stream, summit, swamp, tundra, valley, vineyard, volcano, waterfall,
    woodland`),
  illness: list(`allergy, swollen appendix, asthma attack, backache, blister, broken rib, chill, burn, black eye, cold,
    concussion, cough, weak heart, ear infection, skin rash, fever, upset stomach, fractured wrist, attack of gout, bout of hay fever,
    headache, heat stroke, bout of influenza, bad cold, bout of malaria, throat infection, migraine, tooth abscess, nosebleed, chest infection, rash, stiff neck,
    sore throat, sprained ankle, stomach ache, sunburn, toothache, ulcer, whooping cough`),
  event: list(`auction, ball, baptism, banquet, blackout, book launch, carnival, census, circus, concert, conference,
    coronation, demonstration, eclipse, election, engagement party, exhibition, fire drill, flower show, funeral,
    graduation, harvest festival, housewarming, inquest, jubilee, lecture, parade, picnic, press conference, prize-giving,
    quiz night, referendum, regatta, rehearsal, reunion, strike, street party, tournament, trial, wedding`),
  // Past tense, with a thing as object.
  made: list(`assembled, built, carved, copied, decorated, designed, drew, engraved, forged, invented, made, modelled,
    moulded, painted, photographed, planned, printed, produced, restored, sculpted, sketched, stitched, wove`),
  handled:
    list(`adjusted, bent, borrowed, bought, broke, buried, carried, cleaned, collected, concealed, damaged, delivered,
    displayed, dragged, dropped, dusted, emptied, exchanged, examined, fetched, fixed, found, grabbed, hid, inherited,
    inspected, kept, kicked, labelled, lent, lifted, locked, lost, mended, moved, noticed, oiled, packed, polished,
    pushed, received, removed, rented, repaired, replaced, rescued, returned, rinsed, scrubbed, sharpened, shook, sold,
    stole, stored, threw away, tightened, unwrapped, varnished, washed, weighed, wiped, wrapped`),
  believed: list(`assumed, believed, claimed, complained, concluded, denied, discovered, doubted, dreamed, explained,
    feared, guessed, heard, hinted, hoped, imagined, insisted, joked, knew, mentioned, noticed, predicted, promised,
    read, realised, remembered, reported, said, suspected, swore, thought, warned, whispered, wrote`),
  travelled:
    list(`climbed, commuted, cycled, drifted, drove, emigrated, escaped, fled, flew, galloped, hitchhiked, hurried,
    jogged, limped, marched, paddled, rode, rowed, sailed, skied, strolled, swam, tiptoed, travelled, trekked, trudged,
    walked, wandered, went`),
} as const;

/** Categories that all sentences share. */
const CLOSED = {
  weekday: list("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"),
  month: list(`January, February, March, April, May, June, July, August, September, October, November, December`),
  season: list("spring, summer, autumn, winter"),
  colour:
    list(`amber, beige, black, blue, bottle-green, brown, crimson, cream, golden, grey, indigo, khaki, maroon, mauve,
    navy, orange, pink, purple, red, scarlet, silver, turquoise, violet, white, yellow`),
  small:
    list(`two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen, fifteen, sixteen,
    eighteen, nineteen, twenty, twenty-four, thirty, forty, fifty, seventy, ninety`),
  when: list(`yesterday, last night, this morning, a week ago, two days earlier, at dawn, at dusk, after lunch, before dinner,
    the day before yesterday, not long ago, in the end, just after midnight, late in the evening, over the weekend,
    during the holidays, years ago, at the last minute, once again, for the first time`),
  where: list(`upstairs, downstairs, outside, indoors, abroad, nearby, next door, across the road, at the back,
    around the corner, in the middle of nowhere, on the top floor, at the far end`),
  sky: list(`blizzard, breeze, cloud, cold snap, downpour, drizzle, drought, dust storm, fog, frost, gale, hail, heatwave,
    hurricane, mist, monsoon, rain, rainbow, sleet, snow, storm, sunshine, thaw, thunderstorm, tornado, wind`),
  region: list("north, south, east, west, north-east, north-west, south-east, south-west, interior, coast"),
  unit: list(`metres, kilometres, miles, litres, kilograms, tonnes, degrees, hectares, watts, volts, grams, inches, pounds,
    gallons`),
} as const;

export type Category = keyof typeof OPEN | keyof typeof CLOSED;

/** Which sentences may use a word. */
export type Portion = "training" | "held-out";

const HELD_OUT_EVERY = 6;
/** Also where a held-out word stands in a second category at another place. */
const HELD_OUT: ReadonlySet<string> = new Set(
  Object.values(OPEN).flatMap((words) => words.filter((_, i) => i % HELD_OUT_EVERY === HELD_OUT_EVERY - 1)),
);

/** The words of a category that sentences of `portion` draw from. */
export function wordsFor(category: Category, portion: Portion): readonly string[] {
  if (category in CLOSED) return CLOSED[category as keyof typeof CLOSED];
  return OPEN[category as keyof typeof OPEN].filter((word) => HELD_OUT.has(word) === (portion === "held-out"));
}

export function isCategory(name: string): name is Category {
  return name in OPEN || name in CLOSED;
}

/** Content words of all categories. */
export function lexiconSize(): number {
  return new Set([...Object.values(OPEN), ...Object.values(CLOSED)].flat()).size;
}
