/**
 * Numbers shared by the plan (TypeScript) and the kernels (AssemblyScript); both compilers read this file.
 *
 * An instruction is 32 words of 32 bits: [opcode, rows (0 = rows of the tile), 8 parameters, 7 operands × 3 words, 1 spare].
 * An operand is [offset in bytes, addressing mode, row stride in elements].
 */
export const INSTRUCTION_WORDS = 32;
export const FIRST_PARAMETER = 2;
export const FIRST_OPERAND = 10;

/** offset */
export const ABSOLUTE = 0;
/** scratch of the worker + offset */
export const SCRATCH = 1;
/** offset + first row of the tile × stride */
export const BATCH = 2;
/** accumulators of the lane + offset */
export const LANE = 3;
/** row of the current user + offset, the same for every row of the tile */
export const USER = 4;
/** row of the tile's first item + offset */
export const ITEM = 5;

/** Opcodes are two hexadecimal digits: the group, by which `program.ts` finds the file with its cases, and a number in it. */
export const OPCODES_PRODUCTS = 1;
export const OPCODES_ROWS = 2;
export const OPCODES_SUMS = 3;
export const OPCODES_FIELDS = 4;
export const OPCODES_DROPOUTS = 5;
export const OPCODES_EXAMPLES = 6;
export const OPCODES_LIST_LOSSES = 7;
export const OPCODES_SOFTMAX = 8;
export const OPCODES_GRU = 9;
export const OPCODES_STEPS = 10;
export const OPCODES_ATTENTIONS = 11;
export const OPCODES_GRAPHS = 12;

/** Products: `product-instructions.ts`. */
export const GEMM = 0x11;
export const OUTER_SUM = 0x12;
/** out[j] = Σ_r a[r, j] · b[r] over the batch's rows, for the columns j of the block */
export const BATCH_PRODUCT = 0x13;
export const PACK = 0x14;
export const BLOCK_PACK = 0x15;
export const TRANSPOSE = 0x16;
export const CONVOLUTION = 0x17;
export const CONVOLUTION_INPUT = 0x18;
export const CONVOLUTION_WEIGHTS = 0x19;
/** the rows of the block of what CONVOLUTION_WEIGHTS adds up, over the batch's rows */
export const BATCH_CONVOLUTION = 0x1a;

/** Element by element, copies: `row-instructions.ts`. */
export const UNARY = 0x21;
export const BINARY = 0x22;
export const AFFINE = 0x23;
export const ELU = 0x24;
export const ELU_GRADIENT = 0x25;
export const MUL_COLUMN = 0x26;
export const REPEAT_COLUMN = 0x27;
export const FILL = 0x28;
export const COPY = 0x29;
export const JOIN = 0x2a;
export const PLACE = 0x2b;
export const SWIGLU = 0x2c;
export const SWIGLU_GRADIENT = 0x2d;

/** Sums along and across rows, statistics: `sum-instructions.ts`. */
export const ROW_DOT = 0x31;
export const ROW_SUM = 0x32;
export const SUM_ROWS = 0x33;
/** out[j] = Σ_r x[r, j] over the batch's rows, for the columns j of the block */
export const BATCH_SUM = 0x34;
export const SUM_LOSS = 0x35;
export const COMBINE = 0x36;
export const SUM_PRODUCTS = 0x37;
export const STANDARDISE = 0x38;
export const STANDARDISE_GRADIENT = 0x39;

/** Rows of tables, feature fields: `field-instructions.ts`. */
export const GATHER = 0x41;
export const GATHER_LIST = 0x42;
export const GATHER_SLOTS = 0x43;
export const SPREAD_SLOTS = 0x44;
export const POOL_SLOTS = 0x45;
export const BILINEAR = 0x46;
export const BILINEAR_GRADIENT = 0x47;
export const SUM_FIELDS = 0x48;
export const REPEAT_FIELDS = 0x49;

/** Dropout: `dropout-instructions.ts`. */
export const DROPOUT = 0x51;
/** by 16-bit draws */
export const DROPOUT_COARSE = 0x52;
export const LANE_DROPOUT = 0x53;

/** Examples of a batch: `example-instructions.ts`. */
export const DRAW_POINTWISE = 0x61;
export const DRAW_PAIRWISE = 0x62;
export const DRAW_ROWS = 0x63;
export const FETCH_SLOTS = 0x64;
export const FEED_SESSIONS = 0x65;
export const DRAW_CANDIDATES = 0x66;
export const CARRY = 0x67;
/** more negatives for every row of the tile */
export const DRAW_NEGATIVES = 0x68;
/** which of its best candidates a row takes; −1 = its first */
export const DRAW_CHOICE = 0x69;
/** the best candidates of a row so far, with one more */
export const KEEP_BEST = 0x6a;
/** the candidate that a row takes */
export const TAKE_CANDIDATE = 0x6b;
/** an item by its rank along a factor */
export const DRAW_BY_FACTOR = 0x6c;
/** the number of each row in its batch */
export const ROW_NUMBER = 0x6d;

/** Losses against a list: `list-loss-instructions.ts`. */
export const CANDIDATE_OFFSETS = 0x71;
/** slopes of every row and, behind them, its loss */
export const CANDIDATE_SLOPES = 0x72;
/** shares of the candidates and, behind them, the loss and the sum of the shares */
export const TARGET_SLOPES = 0x73;

/** Softmax over all rows of a matrix: `softmax-instructions.ts`. */
export const FULL_SOFTMAX_PARTS = 0x81;
export const FULL_SOFTMAX_LOSS = 0x82;
export const FULL_SOFTMAX_GRADIENT = 0x83;
export const FULL_SOFTMAX_INPUT = 0x84;

/** Gated recurrent units: `gru-instructions.ts`. */
export const GRU_RESET = 0x91;
export const GRU_RESET_GRADIENT = 0x92;
export const GRU_ORIGINAL = 0x93;
export const GRU_ORIGINAL_GRADIENT = 0x94;
export const GRU_CELL = 0x95;
export const GRU_CELL_GRADIENT = 0x96;
export const GRU_STATE_GRADIENT = 0x97;

/** Sequences of several steps inside a row: `step-instructions.ts`. */
export const LSTM = 0xa1;
export const LSTM_HIDDEN = 0xa2;
export const LSTM_GRADIENT = 0xa3;
export const LSTM_INPUT_GRADIENT = 0xa4;
export const LSTM_WEIGHT_GRADIENT = 0xa5;
export const SEQUENCE_LENGTHS = 0xa6;
export const MASKED_SOFTMAX = 0xa7;
export const MASKED_SOFTMAX_GRADIENT = 0xa8;
export const POOL_STEPS = 0xa9;
export const DOT_STEPS = 0xaa;
export const SCALE_STEPS = 0xab;
export const MAX_STEPS = 0xac;
export const MAX_STEPS_GRADIENT = 0xad;
export const TRANSPOSE_STEPS = 0xae;

/** Self-attention: `attention-instructions.ts`. */
export const ATTENTION = 0xb1;
export const ATTENTION_GRADIENT = 0xb2;

/** Graphs: `graph-instructions.ts`. */
export const SPARSE_PRODUCT = 0xc1;
/** adds the tile's rows to rows of a matrix */
export const SCATTER_ROWS = 0xc2;
/** sets the block's rows of a matrix to what the batch's rows add up to */
export const SCATTER_BLOCK = 0xc3;
/** sets the bits of the rows of a matrix that the batch names */
export const MARK_ROWS = 0xc4;
/** out[r, j] = x[(r + s) mod n, (j + t) mod m], s and t drawn for the step */
export const ROTATE = 0xc5;

/** What the marks of a sparse product say: which rows are wanted, or which rows of the dense factor are not zero. */
export const ROWS_MARKED = 1;
export const COLUMNS_MARKED = 2;

/** Shares of the matrix, each computed by one thread: a fixed number, so that sums do not depend on the threads. */
export const SOFTMAX_SHARES = 16;
/** Logits of one block of rows of the matrix against the whole batch: half of a small second-level cache. */
export const SOFTMAX_TILE = 65536;

/** Fields of the record that `lstm` leaves for each step of a sequence, each `units` wide: gates, c, tanh c, h before. */
export const LSTM_FIELDS = 7;
/** Fields of the record of `lstmGradient`: gradients before the gates' activations, of h and c from the step after. */
export const LSTM_GRADIENT_FIELDS = 6;

/** Losses of CANDIDATE_SLOPES. */
export const LOSS_CROSS_ENTROPY = 1;
export const LOSS_BPR_MAX = 2;
export const LOSS_TOP1_MAX = 3;
export const LOSS_BPR = 4;
export const LOSS_TOP1 = 5;

/** Functions of UNARY. */
export const RELU = 1;
export const SIGMOID = 2;
export const TANH = 3;
export const EXP = 4;
export const LOG = 5;
export const SOFTPLUS = 6;
export const SQUARE = 7;
export const SQRT = 8;
export const RECIPROCAL = 9;

/** Functions of BINARY. */
export const ADD = 1;
export const SUBTRACT = 2;
export const MULTIPLY = 3;
export const RELU_GRADIENT = 4;
export const SIGMOID_GRADIENT = 5;
export const TANH_GRADIENT = 6;
export const BCE = 7;
export const BCE_GRADIENT = 8;

/** Flags of GEMM. */
export const FLAG_ACCUMULATE = 1;
export const FLAG_BIAS = 2;
export const FLAG_RELU = 4;
/** Weights of at least this many elements go to the system BLAS where there is one: below, a call costs more than it saves. */
export const BLAS_MIN = 128;

/** Stages of a step. Each is STAGE_WORDS words: [kind, pointer, count, 5 parameters]. */
export const STAGE_WORDS = 8;
export const STAGE_SERIAL = 1;
export const STAGE_ROWS = 2;
export const STAGE_REDUCE = 3;
export const STAGE_CHECK_LOSS = 4;
export const STAGE_NORM_DENSE = 5;
export const STAGE_NORM_ROWS = 6;
export const STAGE_UPDATE_DENSE = 7;
export const STAGE_UPDATE_ROWS = 8;
/** like STAGE_SERIAL, after the check of the loss: what a step keeps besides trained weights */
export const STAGE_ASSIGN = 9;
/** Shared work cut into blocks of rows: [jobs, number of jobs, blocks of all jobs] */
export const STAGE_BLOCKS = 10;

/** Words of a job of STAGE_BLOCKS: [program, instructions, rows, rows of a block, number of its first block]. */
export const BLOCK_JOB_WORDS = 8;

/** Fixed numbers of shares, so that no result depends on the number of threads. */
export const LANES = 8;
export const OWNERS = 16;

/** Optimizers. */
export const SGD = 1;
export const MOMENTUM = 2;
export const ADAGRAD = 3;
export const RMSPROP = 4;
export const ADAM = 5;
export const FTRL = 6;
export const ADAGRAD_MOMENTUM = 7;
export const GRDA = 8;

/** Jobs of the worker pool. */
export const JOB_EXIT = 1;
export const JOB_STEPS = 2;
export const JOB_RANK = 3;
export const JOB_SCORES = 4;
export const JOB_RETRIEVE = 5;
export const JOB_GEMM = 6;
export const JOB_GEMM_64 = 7;
export const JOB_GRAM = 8;
export const JOB_RIDGE = 9;
export const JOB_MEASURE = 10;
export const JOB_PROFILE = 11;
export const JOB_FACTORS = 12;

/** An event of a profile: f64 start and end in ms, then the address of the instruction or stage (0 = waiting at a barrier). */
export const EVENT_BYTES = 24;

/** Words of the dense-update record: arrays over all dense parameters, one after the other. */
export const DENSE_WEIGHTS = 0;
export const DENSE_GRADIENT = 1;
export const DENSE_STATE_1 = 2;
export const DENSE_STATE_2 = 3;
export const DENSE_LENGTH = 4;
export const DENSE_WORDS = 8;

/** Words of the control block (i32 unless said). */
export const CONTROL_GENERATION = 0;
export const CONTROL_JOB = 1;
export const CONTROL_ARGUMENT = 2;
export const CONTROL_THREADS = 3;
export const CONTROL_ABORT = 4;
/** Threads that sleep at the barrier. */
export const CONTROL_SLEEPING = 5;
// each on a line of the cache of its own: threads that wait read one of them again and again while others write to the rest
export const CONTROL_ARRIVED = 16;
export const CONTROL_SENSE = 32;
export const CONTROL_CLAIM = 48;
export const CONTROL_BYTES = 256;

/** Words of a step plan's header (pointers and counts), see plan/step-plan.ts. */
export const PLAN_STAGES = 0;
export const PLAN_N_STAGES = 1;
export const PLAN_BATCH = 2;
export const PLAN_TILE = 3;
export const PLAN_SCRATCH = 4;
export const PLAN_SCRATCH_BYTES = 5;
export const PLAN_LANES = 6;
export const PLAN_LANE_BYTES = 7;
export const PLAN_TOTAL_ROWS = 8;
export const PLAN_FIRST_STEP = 9;
export const PLAN_N_STEPS = 10;
export const PLAN_EPOCH = 11;
/** f32: 1 / rows of the current batch */
export const PLAN_INVERSE_ROWS = 12;
/** f64 at words 14–15: sum of the per-row losses since the run began */
export const PLAN_LOSS = 14;
/** steps finished, and 1 when the loss of the step after them was not finite */
export const PLAN_STEPS_DONE = 16;
export const PLAN_NOT_FINITE = 17;
/** pointer to per-step f32 quadruples [learning rate, Adam corrections 1 and 2, spare] */
export const PLAN_SCHEDULE = 18;
/** pointer to the f64 partial sums of squared gradients, one per owner */
export const PLAN_NORMS = 19;
/** f32: clip the global gradient norm at this value, 0 = off */
export const PLAN_CLIP_NORM = 20;
/** 0, or pointer to the rows (i32) of each step of the run, for batches of unequal size */
export const PLAN_STEP_ROWS = 21;
/** 1: PLAN_INVERSE_ROWS is 1 / PLAN_BATCH in every step, however many rows the step has */
export const PLAN_NOMINAL_MEAN = 22;
/** 1: no product of the plan goes to a system BLAS, so that each row is computed in the same way wherever it stands */
export const PLAN_OWN_PRODUCTS = 23;
export const PLAN_WORDS = 24;

/** Words of a row-update group: header, then one record per table, then one per lookup list. */
export const GROUP_N_ROWS = 0;
export const GROUP_HEAD = 1;
export const GROUP_NEXT = 2;
export const GROUP_N_LISTS = 3;
export const GROUP_N_TABLES = 4;
export const GROUP_LISTS = 5;
export const GROUP_TABLES = 6;
export const GROUP_DENSE = 7;
/** marks of touched rows of the first thread, and bytes from there to the next thread's */
export const GROUP_MARKS = 8;
export const GROUP_MARK_BYTES = 9;
export const GROUP_WORDS = 10;
/** Touched rows that are brought into the cache before they are updated. */
export const ROWS_AHEAD = 16;
/** Their numbers, and the first position of each in the lookups of the batch. */
export const BLOCK_WORDS = 2 * ROWS_AHEAD;

/** Words of a lookup list: pointer, entries for each row of the batch, or a fixed number of entries, first position. */
export const LIST_INDEX = 0;
export const LIST_PER_ROW = 1;
export const LIST_FIXED = 2;
export const LIST_FIRST = 3;
export const LIST_WORDS = 4;

/** Words of a table's gradient for one list; a last record holds a first position that no list reaches. */
export const GRADIENT_ADDRESS = 0;
export const GRADIENT_STRIDE = 1;
export const GRADIENT_FIRST = 2;
export const GRADIENT_PER_ROW = 3;
export const GRADIENT_WORDS = 4;

/** Words of a table record; TABLE_GRADIENTS points to one record per list. */
export const TABLE_WEIGHTS = 0;
export const TABLE_STATE_1 = 1;
export const TABLE_STATE_2 = 2;
export const TABLE_WIDTH = 3;
export const TABLE_GRADIENTS = 4;
export const TABLE_WORDS = 8;

/** Words of the optimizer record (f32 unless said). */
export const OPTIMIZER_KIND = 0;
export const OPTIMIZER_BETA_1 = 1;
export const OPTIMIZER_BETA_2 = 2;
export const OPTIMIZER_EPSILON = 3;
export const OPTIMIZER_L2 = 4;
export const OPTIMIZER_CLIP_VALUE = 5;
/** i32: 1 = L2 acts once per use of the row in the batch, 0 = on whole tables */
export const OPTIMIZER_L2_TOUCHED = 6;
/** FTRL: λ₁ */
export const OPTIMIZER_L1 = 7;
export const OPTIMIZER_WORDS = 8;

/** Words of a sparse matrix in compressed rows: pointers; the last to the first row of each block and the end of the last. */
export const SPARSE_ROW_START = 0;
export const SPARSE_COLUMNS = 1;
export const SPARSE_VALUES = 2;
export const SPARSE_BLOCKS = 3;

/** Words of a sampler record. */
export const SAMPLER_N_POSITIVES = 0;
export const SAMPLER_USERS = 1;
export const SAMPLER_ITEMS = 2;
export const SAMPLER_N_NEGATIVES = 3;
export const SAMPLER_N_ITEMS = 4;
export const SAMPLER_ROW_START = 5;
export const SAMPLER_COLUMNS = 6;
export const SAMPLER_REJECT = 7;
export const SAMPLER_KEY_0 = 8;
export const SAMPLER_KEY_1 = 9;
/** 0 = uniform, else pointers to the alias table's thresholds (u32) and aliases (i32) */
export const SAMPLER_THRESHOLDS = 10;
export const SAMPLER_ALIASES = 11;
/** 0, or pointer to one bit a pair of user and item (set = taken), and the bytes of a user's row */
export const SAMPLER_TAKEN = 12;
export const SAMPLER_TAKEN_ROW = 13;
/** Users with positives, and how many: positives are drawn by user; no users: every positive once. */
export const SAMPLER_DRAWN_USERS = 14;
export const SAMPLER_N_DRAWN_USERS = 15;
/** rows of a positive within an epoch: with its negatives, or each negative with it */
export const SAMPLER_GROUP = 16;
/** 1 = negatives are items of other rows of the step */
export const SAMPLER_IN_BATCH = 17;
export const SAMPLER_WORDS = 20;

/** Fourth word of the counters of a sampler's draws: what is drawn. Further negatives of a row count on from the last one. */
export const DRAWS_NEGATIVE = 1;
export const DRAWS_POSITIVE = 3;
export const DRAWS_CHOICE = 5;
export const DRAWS_FACTOR = 6;
export const DRAWS_MORE = 16;

/** Words of a record of more negatives: their sampler, the stream of the first one, how many there are. */
export const MORE_SAMPLER = 0;
export const MORE_STREAM = 1;
export const MORE_COUNT = 2;
export const MORE_WORDS = 4;
/** Negatives that one instruction draws at most. */
export const MORE_AT_ONCE = 4;

/** Words of a record of choices: the sampler, how many best candidates there are, largest draw (u32) that takes one of them. */
export const CHOICE_SAMPLER = 0;
export const CHOICE_BEST = 1;
export const CHOICE_LIMIT = 2;
/** 1 = the instruction reads labels: a row with label 1 keeps its own item */
export const CHOICE_LABELS = 3;
export const CHOICE_WORDS = 4;

/** Words of items ranked by factor, see kernels/factor-ranks.ts: pointers, counts; λ and 1 − e^(−n/λ) are f32. */
export const FACTORS_SAMPLER = 0;
/** f32[n × stride], the item vectors */
export const FACTORS_VECTORS = 1;
export const FACTORS_STRIDE = 2;
export const FACTORS_N_ITEMS = 3;
export const FACTORS_WIDTH = 4;
/** i32[width × n]: the items of each factor, highest value first; f32[width]: standard deviation of the factor */
export const FACTORS_ORDER = 5;
export const FACTORS_SPREAD = 6;
export const FACTORS_SCALE = 7;
export const FACTORS_REACH = 8;
/** working memory: pointer, bytes per worker */
export const FACTORS_WORK = 9;
export const FACTORS_WORK_BYTES = 10;
export const FACTORS_WORDS = 12;

/** Words of a record of examples, see kernels/draw-rows.ts: pointers, 0 = absent, and counts. */
export const EXAMPLES_N_ROWS = 0;
/** i32[nRows] */
export const EXAMPLES_USERS = 1;
export const EXAMPLES_ITEMS = 2;
/** f32[nRows]; 0 when negatives are drawn, whose labels are 1 and 0 */
export const EXAMPLES_LABELS = 3;
export const EXAMPLES_N_NEGATIVES = 4;
export const EXAMPLES_KEY_0 = 5;
export const EXAMPLES_KEY_1 = 6;
/** the sampler that draws negatives */
export const EXAMPLES_SAMPLER = 7;
export const EXAMPLES_WORDS = 8;

/** Words of a table of slots: i32[n × slots] rows of an embedding table, f32[n × slots] their values or 0. */
export const SLOTS_INDEX = 0;
export const SLOTS_VALUE = 1;
export const SLOTS_WIDTH = 2;
export const SLOTS_WORDS = 4;

/** Words of a session feed: one window of steps, each with a row for every lane, and the sampler of extra negatives. */
export const SESSION_BATCH = 0;
/** i32[steps × batch] each: input item; target item; row of the lane in the step before, −1 = the session begins here */
export const SESSION_ITEMS = 1;
export const SESSION_TARGETS = 2;
export const SESSION_SOURCES = 3;
export const SESSION_N_ITEMS = 4;
/** 0 = uniform, else pointers to the alias table's thresholds (u32) and aliases (i32) */
export const SESSION_THRESHOLDS = 5;
export const SESSION_ALIASES = 6;
export const SESSION_KEY_0 = 7;
export const SESSION_KEY_1 = 8;
export const SESSION_WORDS = 16;

/** Forms of scoring. */
export const FORM_DOT = 1;
export const FORM_PAIR = 2;
export const FORM_HISTORY_DENSE = 3;
export const FORM_HISTORY_SPARSE = 4;
export const FORM_TAKERS = 5;
export const FORM_TWO_STEPS = 6;

/** Words of a ranking job (pointers, 0 = absent, and counts). */
export const RANK_FORM = 0;
export const RANK_N_ITEMS = 1;
export const RANK_N_USERS = 2;
/** i32[nUsers]: row of each ranked user in the user table, the history and the lists */
export const RANK_USERS = 3;
/** dot, pair, takers and two steps: user rows, stride in elements */
export const RANK_USER_TABLE = 4;
export const RANK_USER_STRIDE = 5;
/** dot and pair: item rows, stride in elements */
export const RANK_ITEM_TABLE = 6;
export const RANK_ITEM_STRIDE = 7;
/** dot and two steps: item rows packed in panels; these and takers: length of a row */
export const RANK_PANELS = 8;
export const RANK_WIDTH = 9;
/** pair: program, its length, rows of a tile, bytes of scratch */
export const RANK_PROGRAM = 10;
export const RANK_PROGRAM_LENGTH = 11;
export const RANK_TILE = 12;
export const RANK_SCRATCH_BYTES = 13;
/**
 * history: item × item weights (dense rows, or CSR row starts, columns, values) and the users' histories (CSR);
 * takers and two steps: a scale for each item, the users who took it (CSR), and the users' histories
 */
export const RANK_WEIGHTS = 14;
export const RANK_WEIGHT_START = 15;
export const RANK_WEIGHT_COLUMNS = 16;
export const RANK_HISTORY_START = 17;
export const RANK_HISTORY_COLUMNS = 18;
/** CSR by user row: items that are no candidates */
export const RANK_EXCLUDED_START = 19;
export const RANK_EXCLUDED_COLUMNS = 20;
/** CSR by user row: the only candidates (besides the relevant items) */
export const RANK_CANDIDATE_START = 21;
export const RANK_CANDIDATE_COLUMNS = 22;
/** CSR by position in RANK_USERS: relevant items, and where their counts go */
export const RANK_RELEVANT_START = 23;
export const RANK_RELEVANT_COLUMNS = 24;
export const RANK_GREATER = 25;
export const RANK_EQUAL = 26;
export const RANK_N_CANDIDATES = 27;
/** best items: i32[nUsers × k], their scores f32[nUsers × k] */
export const RANK_TOP_K = 28;
export const RANK_TOP_ITEMS = 29;
export const RANK_TOP_SCORES = 30;
/** f32[nUsers × nItems]: every score as computed, before any exclusion */
export const RANK_ALL_SCORES = 31;
/** working memory: pointer, bytes per worker */
export const RANK_WORK = 32;
export const RANK_WORK_BYTES = 33;
/** users a worker takes at a time */
export const RANK_BLOCK = 34;
/** position of the first user of this call, so that long rankings can be cut into pieces */
export const RANK_FIRST = 35;
export const RANK_END = 36;
export const RANK_MAX_CANDIDATES = 37;
/** items that rank last whatever they score (index list and its length), and a byte an item that is 1 for them; 0 = none */
export const RANK_LAST = 38;
export const RANK_N_LAST = 39;
export const RANK_IS_LAST = 40;
/** two steps: the items of every user of the training (CSR), the number of these users, and a factor of each */
export const RANK_ROW_START = 41;
export const RANK_ROW_COLUMNS = 42;
export const RANK_N_ROWS = 43;
export const RANK_ROW_SCALE = 44;
export const RANK_WORDS = 48;
/** the last bytes of a worker's memory: for bounds of the best k */
export const RANK_BOUND_BYTES = 384;

/** Words of a search for the best items of a query, see kernels/retrieval.ts: pointers, counts. */
export const RETRIEVE_PANELS = 0;
export const RETRIEVE_N_ITEMS = 1;
export const RETRIEVE_WIDTH = 2;
/** f32[width] */
export const RETRIEVE_QUERY = 3;
export const RETRIEVE_K = 4;
/** i32[n], ascending: items that are not wanted */
export const RETRIEVE_EXCLUDED = 5;
export const RETRIEVE_N_EXCLUDED = 6;
/** for each thread: number found (64 bytes), working memory (128 bytes), f32[k] scores, i32[k] items; bytes of a thread */
export const RETRIEVE_HEAPS = 7;
export const RETRIEVE_HEAP_BYTES = 8;
export const RETRIEVE_WORDS = 16;
/** items that a thread takes at a time */
export const RETRIEVE_BLOCK = 2048;
/** before the scores and items of a thread's heap */
export const RETRIEVE_HEAD_BYTES = 192;

/** Words of a measurement of the machine, see machine.ts. */
export const MEASURE_KIND = 0;
export const MEASURE_ROUNDS = 1;
/** memory of the first thread, and bytes from there to the next thread's */
export const MEASURE_MEMORY = 2;
export const MEASURE_STRIDE = 3;
/** copy: bytes, memory holds target and source; gather: rows of the table; product: rows of its square matrices */
export const MEASURE_SIZE = 4;
export const MEASURE_WORDS = 8;
export const MEASURE_MULTIPLY_ADDS = 1;
export const MEASURE_COPY = 2;
/** memory holds MEASURE_GATHER_ROWS indices, as many gathered rows of 64 floats, and the table */
export const MEASURE_GATHER = 3;
export const MEASURE_GATHER_ROWS = 4096;
/** memory holds three square matrices; the product of two of them by the system BLAS */
export const MEASURE_BLAS = 4;
/** reading only */
export const MEASURE_READ = 5;

/**
 * Words of a parallel product with packed panels, cut into blocks of columns so that few rows keep all threads busy: rows,
 * their stride and number; panels, width; results and their stride, number of columns.
 */
export const SCORES_ROWS = 0;
export const SCORES_ROW_STRIDE = 1;
export const SCORES_N_ROWS = 2;
export const SCORES_PANELS = 3;
export const SCORES_WIDTH = 4;
export const SCORES_OUT = 5;
export const SCORES_OUT_STRIDE = 6;
export const SCORES_COLUMNS = 7;
export const SCORES_WORDS = 16;

/** Words of a parallel float64 product: the arguments of gemm64 but the last, see gemm64.ts. */
export const GEMM_64_WORDS = 16;
/** only the results on and right of the diagonal are wanted; some left of it are computed too, and mean nothing */
export const UPPER_64 = 1;

/** Words of ridge regressions that share a table of features, see ridge.ts. */
export const RIDGE_N_ROWS = 0;
/** CSR of the features of each row */
export const RIDGE_ROW_START = 1;
export const RIDGE_COLUMNS = 2;
/** f32[n × width] */
export const RIDGE_FEATURES = 3;
export const RIDGE_N_FEATURES = 4;
/** f32[nRows × width]: the solutions */
export const RIDGE_OUT = 5;
/** f64[stride × stride], upper triangle: added to every row's matrix */
export const RIDGE_GRAM = 6;
/** f64[nRows]: added to the diagonal */
export const RIDGE_PENALTY = 7;
export const RIDGE_WIDTH = 8;
/** width rounded up to a multiple of four */
export const RIDGE_STRIDE = 9;
/** working memory: pointer, bytes per worker */
export const RIDGE_WORK = 10;
export const RIDGE_WORK_BYTES = 11;
/** f64[LANES × stride × stride]: partial sums of the features' Gram matrix */
export const RIDGE_PARTIAL_GRAMS = 12;
/** rows whose matrix was not positive definite */
export const RIDGE_FAILED = 13;
/** Address of the weights of the entries, f64; 0 = every one weighs 1. */
export const RIDGE_WEIGHTS = 14;
/** feature rows gathered at a time into the working memory, so that they stay in the second-level cache */
export const RIDGE_GATHERED = 128;
export const RIDGE_WORDS = 16;
